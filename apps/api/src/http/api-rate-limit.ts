import { DomainError } from '@vibetribe/core/domain-error';
import type { RateLimiter } from '@vibetribe/queue/rate-limiter';
import type { FastifyReply } from 'fastify';

/** Requests a principal or address may make within this. */
export const requestWindowSeconds = 60;

export interface RequestLimiter {
  /** Counts a request and says on the reply how many are left. @throws DomainError `rate_limited` */
  count(key: string, reply: FastifyReply): Promise<void>;
}

export function createRequestLimiter(limiter: Pick<RateLimiter, 'consume'>, limit: number): RequestLimiter {
  return {
    async count(key, reply) {
      const { allowed, remaining, resetInMs } = await limiter.consume(key);
      const resetInSeconds = Math.ceil(resetInMs / 1000);
      void reply.headers({
        'ratelimit-limit': limit,
        'ratelimit-remaining': remaining,
        'ratelimit-reset': resetInSeconds,
      });
      if (!allowed) {
        throw new DomainError('rate_limited', `More than ${limit} requests in ${requestWindowSeconds} seconds.`, {
          retryAfterSeconds: Math.max(1, resetInSeconds),
        });
      }
    },
  };
}
