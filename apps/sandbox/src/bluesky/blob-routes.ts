import type { FastifyInstance } from 'fastify';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import { ReceivedFile } from '../uploads/received-file.ts';
import { invalidRequest, xrpcError } from './answers.ts';
import type { Blobs } from './blobs.ts';
import { blobUploads } from './limits.ts';
import type { Sessions } from './sessions.ts';
import { spend } from './spend.ts';

/** What the servers of Bluesky take directly; larger videos go through its video service. */
const blobBytesMax = 50_000_000;

export function blobRoutes(app: FastifyInstance, context: SiteContext, sessions: Sessions, blobs: Blobs): void {
  app.post('/xrpc/com.atproto.repo.uploadBlob', (request, reply) => {
    const { account } = sessions.require(request.headers.authorization, 'access');
    spend(context, request, reply, [{ limit: blobUploads, subject: account.id }]);
    const { body } = request;
    if (!(body instanceof ReceivedFile))
      throw new RefusalError(invalidRequest('Request encoding (Content-Type) required but not provided'));
    if (body.bytes > blobBytesMax)
      throw new RefusalError(xrpcError(413, 'PayloadTooLarge', 'request entity too large'));
    return { blob: blobs.add(account.id, body) };
  });
}
