import { DomainError } from '@vibetribe/core/domain-error';
import type { RateLimiter } from '@vibetribe/queue/rate-limiter';

/** Failed logins count within this. */
export const signInWindowSeconds = 15 * 60;
/** One address may stand for an office: it gets so many times what one user there gets. */
export const failuresPerAddressFactor = 20;
/** An account gets so many times what one address gets at it, before wrong passwords from new addresses are answered as too many. */
export const failuresPerAccountFactor = 5;
/** So many times as many are still tried then: its owner gets in from a new address while somebody else guesses. */
export const triesPerCrowdedAccountFactor = 20;
/** Beyond that one of them may be tried in this. */
export const slowGuessSeconds = 5;
export const registrationWindowSeconds = 60 * 60;
/** For so long an address is known to a user who has signed in from it: not longer than a timer can run. */
export const knownAddressSeconds = 24 * 24 * 60 * 60;

type Limiter = Pick<RateLimiter, 'consume'>;
type ForgivingLimiter = Pick<RateLimiter, 'consume' | 'forget'>;

/** Whose login it is, and from where. */
export interface SignInFrom {
  readonly email: string;
  /** As `addressKey` counts it. */
  readonly address: string;
  /** Names a device that this user has signed in on before; it stands for itself, whatever its address. Null: none is known. */
  readonly device: string | null;
}

/**
 * Against guessing: failures are counted per email and address, per address, and per email; registrations per address. Who has signed in
 * from an address or on a device before is not refused there because others failed, nor who has set another password by mail. An account
 * that is guessed at from many addresses is not locked. Unknown addresses have so many tries more, and then one at a time, at a pace that
 * makes guessing useless.
 */
export interface SignInLimit {
  /**
   * Runs a login. It is counted before it is tried, so that many at once gain nothing, and given back when it succeeds.
   * @throws DomainError `rate_limited`, or what `attempt` throws
   */
  logIn<Result>(from: SignInFrom, attempt: () => Promise<Result>): Promise<Result>;
  /** Runs a registration; its address is known to the user from then on. @throws DomainError `rate_limited`, or what `attempt` throws */
  register<Result>(from: SignInFrom, attempt: () => Promise<Result>): Promise<Result>;
  /** The user was proved by other means, such as a mailed link: the address is known from then on, and what failed there is forgotten. */
  know(from: SignInFrom): Promise<void>;
}

export function createSignInLimit(limiters: {
  byEmail: ForgivingLimiter;
  byAddress: Limiter;
  byAccount: Limiter;
  /** Tries at an account beyond those, from addresses that it does not know. */
  crowded: Limiter;
  /** One point in `slowGuessSeconds`. */
  slowGuesses: Limiter;
  registrations: Limiter;
  /** One point for each email and address that a sign-in succeeded with. */
  known: Limiter;
}): SignInLimit {
  const know = async (from: SignInFrom): Promise<void> => {
    const pair = pairOf({ ...from, device: null });
    await Promise.all([limiters.known.consume(pair), limiters.byEmail.forget(pair)]);
  };
  return {
    async logIn(from, attempt) {
      const { address } = from;
      const account = from.email.toLowerCase();
      const pair = pairOf(from);
      const isKnown = from.device !== null || (await limiters.known.consume(pair, 0)).remaining === 0;
      const counted: Counted[] = [
        { limiter: limiters.byEmail, key: pair },
        ...(isKnown ? [] : [{ limiter: limiters.byAddress, key: address }]),
      ];
      for (const { limiter, key } of counted) await take(limiter, key);
      const isCrowded = !isKnown && !(await takeIfFree(limiters.byAccount, account, counted));
      if (isCrowded && !(await takeIfFree(limiters.crowded, account, counted)))
        // Nothing was tried, so it is no failure of this address.
        await takeOrGiveBack(limiters.slowGuesses, account, counted);
      const result = await (isCrowded ? attempt().catch(wrongInACrowd) : attempt()).catch(async (error: unknown) => {
        // The password was right: whoever is asked for a second factor has not failed yet, and is not known by it.
        if (error instanceof DomainError && error.code === 'totp_required') await giveBack(counted);
        throw error;
      });
      await giveBack(counted);
      if (!isKnown) await limiters.known.consume(pair);
      return result;
    },

    async register(from, attempt) {
      await take(limiters.registrations, from.address);
      const result = await attempt();
      await know(from);
      return result;
    },

    know,
  };
}

interface Counted {
  readonly limiter: Limiter;
  readonly key: string;
}

async function takeIfFree(limiter: Limiter, key: string, counted: Counted[]): Promise<boolean> {
  const { allowed } = await limiter.consume(key);
  if (allowed) counted.push({ limiter, key });
  return allowed;
}

/** Whoever guesses learns no more than that it is enough. */
function wrongInACrowd(error: unknown): never {
  if (!(error instanceof DomainError) || error.code !== 'invalid_credentials') throw error;
  throw tooMany(slowGuessSeconds);
}

async function takeOrGiveBack(limiter: Limiter, key: string, counted: readonly Counted[]): Promise<void> {
  try {
    await take(limiter, key);
  } catch (error) {
    await giveBack(counted);
    throw error;
  }
}

async function giveBack(counted: readonly Counted[]): Promise<void> {
  await Promise.all(counted.map(({ limiter, key }) => limiter.consume(key, -1)));
}

function pairOf({ email, address, device }: SignInFrom): string {
  return JSON.stringify([email.toLowerCase(), ...(device === null ? [address] : ['device', device])]);
}

async function take(limiter: Limiter, key: string): Promise<void> {
  const { allowed, resetInMs } = await limiter.consume(key);
  if (!allowed) throw tooMany(Math.max(1, Math.ceil(resetInMs / 1000)));
}

function tooMany(retryAfterSeconds: number): DomainError {
  return new DomainError('rate_limited', 'Too many tries. Wait before the next one.', { retryAfterSeconds });
}
