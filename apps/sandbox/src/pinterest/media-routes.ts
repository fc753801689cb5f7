import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import { MultipartForm } from '../uploads/multipart-form.ts';
import { refuse } from './answers.ts';
import { parse } from './board-routes.ts';
import type { PinterestParts } from './parts.ts';
import type { Upload } from './uploads.ts';

/** Where the files go: in reality a bucket on a host of its own. */
export const uploadPath = '/media-upload';

/** https://developers.pinterest.com/docs/api/v5/media-create */
export function mediaRoutes(app: FastifyInstance, context: SiteContext, { admit, uploads }: PinterestParts): void {
  const needs = { scopes: ['pins:read', 'pins:write'], category: 'org_write' } as const;

  app.post('/v5/media', (request, reply) => {
    const { owner, account } = admit(request, reply, needs);
    parse(z.strictObject({ media_type: z.literal('video') }), request.body);
    const upload = uploads.register(owner.id, account.id);
    return reply.code(201).send({
      media_id: upload.id,
      media_type: 'video',
      upload_url: `${context.origin()}${uploadPath}/`,
      upload_parameters: parametersOf(upload),
    });
  });

  app.get<{ Params: { id: string } }>('/v5/media/:id', (request, reply) => {
    const { owner } = admit(request, reply, { scopes: ['pins:read'], category: 'org_read' });
    const upload = uploads.get(request.params.id);
    if (upload === undefined || upload.owner !== owner.id) throw refuse(404, 50, 'Media not found.');
    return { media_id: upload.id, media_type: 'video', status: uploads.statusOf(upload) };
  });

  /** The fields are the permission: a token has nothing to do here. */
  app.post(`${uploadPath}/`, (request, reply) => {
    const form = request.body;
    const upload = form instanceof MultipartForm ? uploads.byKey(form.fields['key'] ?? '') : undefined;
    const file = form instanceof MultipartForm ? form.file('file') : undefined;
    if (!(form instanceof MultipartForm) || upload === undefined) throw denied('Policy expired.');
    if (request.headers.authorization !== undefined) throw denied('Only one auth mechanism allowed.');
    const isSigned = Object.entries(parametersOf(upload)).every(([name, value]) => form.fields[name] === value);
    if (!isSigned) throw denied('The request signature does not match.');
    if (file === undefined) throw denied('POST requires exactly one file upload per request.');
    uploads.receive(upload, file);
    return reply.code(204).send();
  });
}

function parametersOf({ key, signature }: Upload): Record<string, string> {
  return {
    'x-amz-date': '20260101T000000Z',
    'x-amz-signature': signature,
    'x-amz-security-token': 'sandbox',
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    key,
    policy: Buffer.from(JSON.stringify({ conditions: [{ key }] })).toString('base64'),
    'x-amz-credential': 'sandbox/20260101/us-east-1/s3/aws4_request',
    'Content-Type': 'multipart/form-data',
  };
}

function denied(message: string): RefusalError {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`;
  return new RefusalError({ status: 403, contentType: 'application/xml', body });
}
