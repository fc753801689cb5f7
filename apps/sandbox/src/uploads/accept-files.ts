import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { receiveForm } from './multipart-form.ts';
import { receiveFile } from './received-file.ts';

/** Files and forms with files are read to their end before a route, or a fault, sees the request: their `body` is what came. */
export function acceptFiles(app: FastifyInstance): void {
  app.addContentTypeParser('multipart/form-data', (request: FastifyRequest, payload: IncomingMessage) =>
    receiveForm(payload, request.headers['content-type'] ?? ''),
  );
  app.addContentTypeParser(
    /^(?:image|video|audio)\/|^application\/octet-stream/u,
    (request: FastifyRequest, payload: IncomingMessage) => receiveFile(payload, mimeTypeOf(request)),
  );
}

function mimeTypeOf({ headers }: FastifyRequest): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
