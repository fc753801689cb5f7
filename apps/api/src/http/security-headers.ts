import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { pathOf } from './allowed-methods.ts';

const exposedHeaders = [
  'etag',
  'idempotent-replayed',
  'location',
  'ratelimit-limit',
  'ratelimit-remaining',
  'ratelimit-reset',
  'retry-after',
  'x-request-id',
];

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The docs page runs a script and styles of its own, from this origin. */
const docsPolicy =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'";

/** Answers are data, for the frontends named; nothing of them may run, be framed or be kept by a cache on the way. */
export async function addSecurityHeaders(
  app: FastifyInstance,
  { origins }: { readonly origins: readonly string[] },
): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'frame-ancestors': ["'none'"],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
  });
  await app.register(cors, {
    origin: [...origins],
    credentials: false,
    exposedHeaders,
    methods,
    maxAge: 600,
    strictPreflight: false,
  });
  app.addHook('onSend', async (request, reply) => {
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
    if (pathOf(request.url).startsWith('/docs')) void reply.header('content-security-policy', docsPolicy);
  });
}
