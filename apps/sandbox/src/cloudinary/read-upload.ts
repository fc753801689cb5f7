import { createWriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Busboy } from '@fastify/busboy';

/** The fields of an upload; its file stands at `path`. */
export type UploadBody = { params: Record<string, string>; bytes: number; isWhole: boolean };

const fileBytesMax = 100 * 1024 * 1024;

/** Reads a multipart body, the file straight to disk. Rejects where the body breaks off. */
export async function readUpload(request: IncomingMessage, path: string): Promise<UploadBody> {
  const headers = { ...request.headers, 'content-type': request.headers['content-type'] ?? '' };
  const parser = new Busboy({ headers, limits: { fileSize: fileBytesMax } });
  const upload: UploadBody = { params: {}, bytes: 0, isWhole: true };
  let writing: Promise<void> = Promise.resolve();
  parser.on('field', (name, value) => {
    upload.params[name] = value;
  });
  parser.on('file', (_name, stream) => {
    stream.on('data', (chunk: Buffer) => {
      upload.bytes += chunk.length;
    });
    stream.on('limit', () => {
      upload.isWhole = false;
    });
    writing = pipeline(stream, createWriteStream(path));
  });
  await pipeline(request, parser);
  await writing;
  return upload;
}
