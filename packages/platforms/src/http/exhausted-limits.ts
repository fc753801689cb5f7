import type { Refusal } from './call-platform.ts';
import type { ExhaustedLimit } from '../port/exhausted-limit.ts';
import { retryAfterMsMin } from '../port/platform-error.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import { resetMsOf, secondsMsOf } from './retry-after.ts';

/** The headers in which a platform tells one of its limits; names in lower case. */
export interface LimitHeaders {
  readonly scope: ExhaustedLimit['scope'];
  readonly remaining: string;
  /** A point in time, see `resetMsOf`; or with `resetAfter` seconds from now. */
  readonly reset: string;
  readonly resetAfter?: string;
  /** What one more post needs to be left, where posts cost more than one. */
  readonly cost?: number;
}

/**
 * The limits that an answer says are used up. Only successes and 429 count: they alone come from the limiter of the route itself.
 * A 429 that names no limit closes the account's for as long as it asks to wait; whatever it tells, for a second.
 */
export function readExhaustedLimits(
  response: PlatformResponse,
  limits: readonly LimitHeaders[],
  refusalOf: (response: PlatformResponse) => Refusal,
): ExhaustedLimit[] {
  const isSuccess = response.status >= 200 && response.status < 300;
  if (!isSuccess && response.status !== 429) return [];
  const told = limits.flatMap((headers) => readOne(response, headers));
  if (isSuccess) return told;
  const waitMs = refusalOf(response).retryAfterMs ?? null;
  const isEnough = waitMs === null || told.some(({ scope }) => scope === 'app');
  const refused: ExhaustedLimit[] = isEnough ? told : [...told, { scope: 'account', resetMs: waitMs }];
  return refused.map(({ scope, resetMs }) => ({ scope, resetMs: Math.max(resetMs, retryAfterMsMin) }));
}

function readOne(response: PlatformResponse, headers: LimitHeaders): ExhaustedLimit[] {
  const remaining = response.headers[headers.remaining]?.trim();
  if (remaining === undefined || !/^\d+$/.test(remaining) || Number(remaining) >= (headers.cost ?? 1)) return [];
  const after = headers.resetAfter === undefined ? null : secondsMsOf(response, headers.resetAfter);
  const resetMs = after ?? resetMsOf(response, headers.reset);
  return resetMs === null ? [] : [{ scope: headers.scope, resetMs }];
}
