import { createHash } from 'node:crypto';
import { startLoop } from '@vibetribe/resilience/loop';
import { RateLimiterMemory, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { openLimiterStore } from './limiter-store.ts';
import type { QueueConnection } from './queue-connection.ts';
import { describeStoreError } from './store-error.ts';
import { callStore } from './call-store.ts';

export interface RateLimiterOptions {
  /** Separates limiters that share the store, such as `api` and `login`. */
  name: string;
  /** So many points a key and window. */
  points: number;
  durationSeconds: number;
  /**
   * False (default): counted in memory, shared with the other processes twice a second; each may let through what it has not
   * heard of yet. True: asked of the store each time, for rare and sensitive things such as logins.
   */
  isExact?: boolean;
}

export interface RateLimitVerdict {
  allowed: boolean;
  remaining: number;
  /** Until the window ends. */
  resetInMs: number;
}

export interface RateLimiter extends AsyncDisposable {
  /** Takes points (default 1) and tells whether they were there. Never rejects, and never waits for an absent store. */
  consume(key: string, points?: number): Promise<RateLimitVerdict>;
  /** The key has all its points again, in this process where the store is absent. Never rejects. */
  forget(key: string): Promise<void>;
}

const shareIntervalMs = 500;
const shareTimeoutMs = 2_000;
const exactTimeoutMs = 250;
const sharesAtOnce = 20;

/** Limits shared by all processes through the queue's store, which each goes on counting alone while the store is away. */
export function createRateLimiter(connection: QueueConnection, options: RateLimiterOptions): RateLimiter {
  const limits = { keyPrefix: options.name, points: options.points, duration: options.durationSeconds };
  const local = new RateLimiterMemory(limits);
  const store = openLimiterStore(connection, limits);
  const complain = (error: unknown): void =>
    connection.logger.warn(
      { limiter: options.name, ...describeStoreError(error) },
      'a rate limit is counted by this process alone',
    );
  return options.isExact === true
    ? createExact(store, local, complain)
    : createShared(store, local, complain, options.name);
}

/** Memory decides; what it counted is added to the store's count, which then replaces its own. */
function createShared(
  store: RateLimiterAbstract,
  local: RateLimiterMemory,
  complain: (error: unknown) => void,
  name: string,
): RateLimiter {
  let unshared = new Map<string, number>();
  const share = async (key: string, points: number): Promise<void> => {
    try {
      // Sent before the store went away, it would be answered only on its return: counted twice then, at worst.
      const total = await callStore(shareTimeoutMs, 'sharing a rate limit', store.penalty(key, points));
      const resetInSeconds = Math.max(total.msBeforeNext / 1000, 0.001);
      await local.set(key, total.consumedPoints + (unshared.get(key) ?? 0), resetInSeconds);
    } catch (error) {
      unshared.set(key, (unshared.get(key) ?? 0) + points);
      throw error;
    }
  };
  const loop = startLoop({
    name: `rate limit ${name}`,
    intervalMs: shareIntervalMs,
    onError: complain,
    async runOnce() {
      const due = [...unshared];
      unshared = new Map();
      for (let start = 0; start < due.length; start += sharesAtOnce) {
        const batch = due.slice(start, start + sharesAtOnce).map(([key, points]) => share(key, points));
        const failed = (await Promise.allSettled(batch)).find((outcome) => outcome.status === 'rejected');
        if (failed === undefined) continue;
        for (const [key, points] of due.slice(start + sharesAtOnce))
          unshared.set(key, (unshared.get(key) ?? 0) + points);
        throw failed.reason;
      }
    },
  });

  return {
    async consume(key, points = 1) {
      const short = shorten(key);
      unshared.set(short, (unshared.get(short) ?? 0) + points);
      return take(local, short, points);
    },
    async forget(key) {
      unshared.delete(shorten(key));
      await forgetIn([local, store], shorten(key), complain);
    },
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  };
}

function createExact(
  store: RateLimiterAbstract,
  local: RateLimiterMemory,
  complain: (error: unknown) => void,
): RateLimiter {
  return {
    async consume(key, points = 1) {
      const short = shorten(key);
      // Counted here too, so that the count is known when the store goes away.
      const alone = await take(local, short, points);
      try {
        return await callStore(exactTimeoutMs, 'the rate limit', take(store, short, points));
      } catch (error) {
        complain(error);
        return alone;
      }
    },
    forget: (key) => forgetIn([local, store], shorten(key), complain),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function forgetIn(
  [local, store]: readonly [RateLimiterAbstract, RateLimiterAbstract],
  key: string,
  complain: (error: unknown) => void,
): Promise<void> {
  await local.delete(key);
  await callStore(shareTimeoutMs, 'forgetting a rate limit', store.delete(key)).catch(complain);
}

async function take(limiter: RateLimiterAbstract, key: string, points: number): Promise<RateLimitVerdict> {
  try {
    return verdict(true, await limiter.consume(key, points));
  } catch (error) {
    // The library rejects with the count itself when the points are used up.
    if (error instanceof RateLimiterRes) return verdict(false, error);
    throw error;
  }
}

function verdict(allowed: boolean, count: RateLimiterRes): RateLimitVerdict {
  return {
    allowed,
    remaining: Math.max(0, count.remainingPoints),
    resetInMs: Math.max(0, Math.ceil(count.msBeforeNext)),
  };
}

/** The store's keys are short, and may not show an address or an account to whoever reads them. */
function shorten(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 32);
}
