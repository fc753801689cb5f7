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
 * Bounds what an organization can put into the database in an hour, as requests that were carried out, without their files: those have a
 * quota. The number of requests leaves room for a full disk. Register behind authentication.
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
  const type = typeOf(request);
  const isGiven = writing.has(request.method) && (type.includes('json') || type.startsWith('multipart/'));
  return isGiven || request.routeOptions.config.copies === true ? organizationOf(request) : null;
}

function typeOf({ headers }: FastifyRequest): string {
  return headers['content-type']?.toLowerCase() ?? '';
}

function bytesOf(request: FastifyRequest, reply: FastifyReply): number {
  const { headers, body, routeOptions } = request;
  if (routeOptions.config.copies === true) return Number(reply.getHeader('content-length') ?? 0);
  // What came beside files stands in the place of the body.
  const told = typeOf(request).startsWith('multipart/') ? Number.NaN : Number(headers['content-length']);
  return Number.isInteger(told) ? told : Buffer.byteLength(JSON.stringify(body ?? ''));
}
