import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import { bearerToken } from '../oauth/bearer-token.ts';
import type { SiteContext } from '../site.ts';
import { ReceivedFile } from '../uploads/received-file.ts';
import { invalidRequest, xrpcError } from './answers.ts';
import { parseInput } from './parse-input.ts';
import { createServiceTokens } from './service-tokens.ts';
import type { Sessions } from './sessions.ts';
import { spend } from './spend.ts';
import type { VideoJobs } from './video-jobs.ts';

const tokenLifeSeconds = 60;
const tokenLifeSecondsMax = 3_600;
const uploadBlob = 'com.atproto.repo.uploadBlob';

/** The video service, on the server's own origin, and the tokens it asks for: https://docs.bsky.app/docs/tutorials/video */
export function videoRoutes(app: FastifyInstance, context: SiteContext, sessions: Sessions, jobs: VideoJobs): void {
  const tokens = createServiceTokens();
  const nowSeconds = () => Math.floor(context.sandbox.clock.wallMs() / 1_000);

  app.get('/xrpc/com.atproto.server.getServiceAuth', (request, reply) => {
    const { account } = sessions.require(request.headers.authorization, 'access');
    spend(context, request, reply);
    const { aud, lxm, exp = nowSeconds() + tokenLifeSeconds } = parseInput(ServiceAuth, request.query);
    if (exp <= nowSeconds() || exp > nowSeconds() + tokenLifeSecondsMax) {
      throw new RefusalError(xrpcError(400, 'BadExpiration', 'expiration is in the past or too far away'));
    }
    return { token: tokens.sign({ iss: account.id, aud, exp, ...(lxm === undefined ? {} : { lxm }) }) };
  });

  app.post('/xrpc/app.bsky.video.uploadVideo', (request, reply) => {
    const { did } = parseInput(z.object({ did: z.string(), name: z.string() }), request.query);
    const claims = tokens.read(bearerToken(request.headers.authorization) ?? '', nowSeconds());
    const isMeant = claims?.iss === did && claims.aud === sessions.serviceDid() && claims.lxm === uploadBlob;
    if (!isMeant) throw new RefusalError(xrpcError(401, 'AuthMissing', 'the token is not for this'));
    const { body } = request;
    if (!(body instanceof ReceivedFile))
      throw new RefusalError(invalidRequest('Request encoding (Content-Type) required but not provided'));
    const known = jobs.of(did, body.sha256);
    if (known === undefined) return { jobStatus: jobs.view(jobs.start(did, body)) };
    return reply.code(409).send({ ...jobs.view(known), error: 'already_exists', message: 'Video already processed' });
  });

  app.get('/xrpc/app.bsky.video.getJobStatus', (request) => {
    const { jobId } = parseInput(z.object({ jobId: z.string() }), request.query);
    const job = jobs.get(jobId);
    if (job === undefined) throw new RefusalError(invalidRequest('there is no such job'));
    return { jobStatus: jobs.view(job) };
  });
}

const ServiceAuth = z.object({
  aud: z.string().startsWith('did:'),
  lxm: z.string().optional(),
  exp: z.coerce.number().int().optional(),
});
