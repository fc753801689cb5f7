import { DomainError } from '@vibetribe/core/domain-error';
import type { RateLimiter } from '@vibetribe/queue/rate-limiter';

/** Failed logins count within this. */
export const signInWindowSeconds = 15 * 60;
/** One address may stand for an office: it gets so many times what one user there gets. */
export const failuresPerAddressFactor = 20;
export const registrationsPerAddressFactor = 100;
/** For so long an address is known to a user who has signed in from it. */
export const knownAddressSeconds = 30 * 24 * 60 * 60;

type Limiter = Pick<RateLimiter, 'consume'>;

/**
 * Against guessing: failures are counted per email and address, and per address; registrations per address. Who has signed in from an address
 * before is not refused there because others failed.
 */
export interface SignInLimit {
  /**
   * Runs a login. It is counted before it is tried, so that many at once gain nothing, and given back when it succeeds.
   * @throws DomainError `rate_limited`, or what `attempt` throws
   */
  logIn<Result>(from: { email: string; address: string }, attempt: () => Promise<Result>): Promise<Result>;
  /** @throws DomainError `rate_limited` */
  countRegistration(address: string): Promise<void>;
}

export function createSignInLimit(limiters: {
  byEmail: Limiter;
  byAddress: Limiter;
  registrations: Limiter;
  /** One point for each email and address that a sign-in succeeded with. */
  known: Limiter;
}): SignInLimit {
  return {
    async logIn({ email, address }, attempt) {
      const pair = JSON.stringify([email.toLowerCase(), address]);
      const isKnown = (await limiters.known.consume(pair, 0)).remaining === 0;
      const counted = [
        { limiter: limiters.byEmail, key: pair },
        ...(isKnown ? [] : [{ limiter: limiters.byAddress, key: address }]),
      ];
      for (const { limiter, key } of counted) await take(limiter, key);
      const result = await attempt();
      await Promise.all(counted.map(({ limiter, key }) => limiter.consume(key, -1)));
      if (!isKnown) await limiters.known.consume(pair);
      return result;
    },
    countRegistration: (address) => take(limiters.registrations, address),
  };
}

async function take(limiter: Limiter, key: string): Promise<void> {
  const { allowed, resetInMs } = await limiter.consume(key);
  if (allowed) return;
  throw new DomainError('rate_limited', 'Too many tries. Wait before the next one.', {
    retryAfterSeconds: Math.max(1, Math.ceil(resetInMs / 1000)),
  });
}
