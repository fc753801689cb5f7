import type { IncomingMessage } from 'node:http';
import { Busboy } from '@fastify/busboy';
import { fileBytesMax, receiveFile, type ReceivedFile } from './received-file.ts';

/** A parsed `multipart/form-data` body. A name that comes twice keeps its last field and all of its files. */
export class MultipartForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly files: readonly { readonly name: string; readonly fileName: string; readonly file: ReceivedFile }[];

  constructor(fields: MultipartForm['fields'], files: MultipartForm['files']) {
    this.fields = fields;
    this.files = files;
  }

  file(name: string): ReceivedFile | undefined {
    return this.files.find((file) => file.name === name)?.file;
  }
}

/** Throws an error with `statusCode` 400 where it is none. */
export async function receiveForm(request: IncomingMessage, contentType: string): Promise<MultipartForm> {
  const fields: Record<string, string> = {};
  const files: Promise<MultipartForm['files'][number]>[] = [];
  await new Promise<void>((resolve, reject) => {
    const parser = new Busboy({
      headers: { ...request.headers, 'content-type': contentType },
      limits: { fileSize: fileBytesMax + 1 },
    });
    parser.on('field', (name, value) => (fields[name] = value));
    parser.on('file', (name, stream, fileName, _encoding, mimeType) => {
      const received = receiveFile(stream, mimeType).then((file) => ({ name, fileName, file }));
      received.catch(reject);
      files.push(received);
    });
    parser.on('finish', () => resolve());
    parser.on('error', (cause) => reject(Object.assign(new Error('not a form', { cause }), { statusCode: 400 })));
    request.once('error', reject);
    request.pipe(parser);
  });
  return new MultipartForm(fields, await Promise.all(files));
}
