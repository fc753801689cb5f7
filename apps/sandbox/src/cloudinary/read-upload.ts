import { createWriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy } from '@fastify/busboy';

/** The fields of an upload; its file stands at `path`. */
export type UploadBody = { params: Record<string, string>; fileName: string | null; bytes: number; isWhole: boolean };

export const fileBytesMax = 100 * 1024 * 1024;
/** A file in base64 within a field. */
const fieldBytesMax = 60 * 1024 * 1024;
const fetchTimeoutMs = 30_000;

/** Reads a form, with its file straight to disk. Rejects where the body breaks off. */
export async function readUpload(request: IncomingMessage, path: string): Promise<UploadBody> {
  const headers = { ...request.headers, 'content-type': request.headers['content-type'] ?? '' };
  const parser = new Busboy({ headers, limits: { fileSize: fileBytesMax, fieldSize: fieldBytesMax } });
  const upload: UploadBody = { params: {}, fileName: null, bytes: 0, isWhole: true };
  let writing: Promise<void> = Promise.resolve();
  parser.on('field', (name, value) => {
    upload.params[name] = value;
  });
  parser.on('file', (_name, stream, fileName) => {
    upload.fileName = fileName || null;
    stream.on('data', (chunk: Buffer) => {
      upload.bytes += chunk.length;
    });
    stream.on('limit', () => {
      upload.isWhole = false;
    });
    writing = pipeline(stream, createWriteStream(path, { mode: 0o600 }));
  });
  await pipeline(request, parser);
  await writing;
  return upload;
}

/** A `file` that came as a text: a data URI, or an address that is fetched. False where it gives no file. */
export async function bringFile(upload: UploadBody, path: string): Promise<boolean> {
  const file = upload.params['file'];
  if (file === undefined || upload.bytes > 0) return true;
  const [, encoded] = /^data:[^,]*;base64,(.*)$/su.exec(file) ?? [];
  if (encoded !== undefined) return keep(Readable.from([Buffer.from(encoded, 'base64')]), upload, path);
  if (!/^https?:\/\//iu.test(file) || !URL.canParse(file)) return false;
  try {
    const answer = await fetch(file, { signal: AbortSignal.timeout(fetchTimeoutMs) });
    if (!answer.ok || answer.body === null) return false;
    upload.fileName ??= decodeURIComponent(new URL(file).pathname.split('/').at(-1) ?? '') || null;
    return await keep(Readable.fromWeb(answer.body), upload, path);
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

async function keep(source: Readable, upload: UploadBody, path: string): Promise<true> {
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      upload.bytes += chunk.length;
      upload.isWhole = upload.bytes <= fileBytesMax;
      done(null, upload.isWhole ? chunk : null);
    },
  });
  await pipeline(source, counted, createWriteStream(path, { mode: 0o600 }));
  return true;
}
