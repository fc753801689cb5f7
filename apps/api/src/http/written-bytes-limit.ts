import { DomainError } from '@vibetribe/core/domain-error';
import type { RateLimiter } from '@vibetribe/queue/rate-limiter';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { organizationOf } from './authentication.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route writes what its answer shows, however small the request is. */
    copies?: true;
  }
}

/** What an organization has written counts within this. */
export const writtenWindowSeconds = 60 * 60;
/** A limiter's point. */
const bytesPerPoint = 1_000;

const writing = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Bounds what an organization can put into the database in an hour, as JSON of requests that were carried out: files have a quota, the number
 * of requests leaves room for a full disk. Register behind authentication.
 */
export function boundWrittenBytes(app: FastifyInstance, limiter: Pick<RateLimiter, 'consume'>): void {
  app.addHook('preHandler', async (request) => {
    const organizationId = writerOf(request);
    if (organizationId === null) return;
    const { allowed, remaining, resetInMs } = await limiter.consume(organizationId, 0);
    if (allowed && remaining > 0) return;
    throw new DomainError('rate_limited', 'The organization has written as much as it may in an hour.', {
      retryAfterSeconds: Math.max(1, Math.ceil(resetInMs / 1000)),
    });
  });
  app.addHook('onResponse', async (request, reply) => {
    const organizationId = writerOf(request);
    if (organizationId !== null && reply.statusCode < 300)
      await limiter.consume(organizationId, writtenPoints(bytesOf(request, reply)));
  });
}

/** Bytes as the limiter counts them. */
export function writtenPoints(bytes: number): number {
  return Math.ceil(bytes / bytesPerPoint);
}

function writerOf(request: FastifyRequest): string | null {
  const isJson = request.headers['content-type']?.toLowerCase().includes('json') === true;
  const writes = request.routeOptions.config.copies === true || (writing.has(request.method) && isJson);
  return writes ? organizationOf(request) : null;
}

function bytesOf({ headers, body, routeOptions }: FastifyRequest, reply: FastifyReply): number {
  if (routeOptions.config.copies === true) return Number(reply.getHeader('content-length') ?? 0);
  const told = Number(headers['content-length']);
  return Number.isInteger(told) ? told : JSON.stringify(body ?? '').length;
}
