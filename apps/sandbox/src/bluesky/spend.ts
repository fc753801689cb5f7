import type { FastifyReply, FastifyRequest } from 'fastify';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import type { Draw } from '../state/rate-limits.ts';
import { blueskyAnswers, rateLimitHeaders } from './answers.ts';
import { requestsByAddress, writePoints } from './limits.ts';

/**
 * Draws on the limit of the address and on those of the route; the headers tell of the tightest.
 * @throws {RefusalError} 429
 */
export function spend(
  { platform, sandbox }: SiteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  draws: readonly Draw[] = [],
): void {
  const states = sandbox.limits.draw(platform, [{ limit: requestsByAddress, subject: request.ip }, ...draws]);
  const tightest = states.reduce((least, state) => {
    return state.exceeded || (!least.exceeded && state.remaining < least.remaining) ? state : least;
  });
  reply.headers(rateLimitHeaders(tightest));
  if (!tightest.exceeded) return;
  const { max, resetAtMs } = tightest;
  const answer = blueskyAnswers.rateLimited({ max, resetAtMs, nowMs: sandbox.clock.wallMs() });
  throw new RefusalError({
    ...answer,
    headers: { ...answer.headers, ...rateLimitHeaders({ ...tightest, remaining: 0 }) },
  });
}

export function writeDraws(did: string, points: number): Draw[] {
  return [
    { limit: writePoints.perHour, subject: did, cost: points },
    { limit: writePoints.perDay, subject: did, cost: points },
  ];
}
