import { createReadStream } from 'node:fs';
import { openMediaFile } from '@vibetribe/core/media/open-media-file';
import type { TicketFile } from '@vibetribe/media/serve/open-ticket';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';
import { byteRangeOf } from '../../http/byte-range.ts';
import { transferTimeoutMs } from './media-uploads.ts';

const cacheSeconds = 3_600;

/** The public route of files: whoever has the signed address may read. Nothing in a file may run, whatever it turns out to be. */
export const mediaFileRoute: FastifyPluginAsyncZod<{ services: Pick<ApiServices, 'media' | 'mediaUrls'> }> = async (
  app,
  { services },
) => {
  app.get(
    '/media/file/:name',
    {
      config: { access: 'public' },
      handlerTimeout: transferTimeoutMs,
      schema: {
        operationId: 'getMediaFile',
        summary: 'Read a file by its signed address',
        tags: ['media'],
        params: z.object({ name: z.string() }),
        querystring: z.object({ ticket: z.string().max(1100) }),
        produces: ['*/*'],
        response: {
          200: z.any().describe('The file.'),
          206: z.any().describe('The part of it that `Range` names.'),
          304: z.undefined(),
          416: z.undefined(),
        },
      },
    },
    async (request, reply) => {
      const takesWebp = request.headers.accept?.includes('image/webp') === true;
      const file = await openMediaFile(services, { token: request.query.ticket, takesWebp });
      return sendFile(request, reply, file);
    },
  );
};

/** A document may hold programs of its own kind: no viewer of a browser opens it by itself. */
function isShown(mimeType: string): boolean {
  return /^(?:image|video)\//u.test(mimeType);
}

function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { path, mimeType, bytes, version }: TicketFile,
): FastifyReply {
  const etag = `"${version.replaceAll(/[^\w.-]/g, '-')}"`;
  void reply.headers({
    'content-type': mimeType,
    'content-disposition': isShown(mimeType) ? 'inline' : 'attachment',
    'content-security-policy': "default-src 'none'; sandbox",
    'cross-origin-resource-policy': 'cross-origin',
    'cache-control': `public, max-age=${cacheSeconds}, immutable`,
    vary: 'accept, origin',
    'accept-ranges': 'bytes',
    etag,
  });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  const isSame = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
  const range = isSame ? byteRangeOf(request.headers.range, bytes) : null;
  if (range === 'unsatisfiable') return reply.code(416).header('content-range', `bytes */${bytes}`).send();
  if (range === null) return reply.header('content-length', bytes).send(createReadStream(path));
  return reply
    .code(206)
    .headers({
      'content-range': `bytes ${range.start}-${range.end}/${bytes}`,
      'content-length': range.end - range.start + 1,
    })
    .send(createReadStream(path, range));
}
