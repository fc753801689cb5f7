/** Jitter adds up to this share of the delay. It only lengthens: a delay from the configuration is a promise to wait that long. */
const jitterRatio = 0.2;

/**
 * The wait before the next try, from a list of delays: `delaysMs[0]` after the first failed attempt, and so on.
 * Null when the list is used up: no further try.
 * @param attempt the attempt that has just failed, 1 or more
 * @param random uniform in [0, 1)
 */
export function retryDelayMs(attempt: number, delaysMs: readonly number[], random: () => number): number | null {
  requireAttempt(attempt);
  const delayMs = delaysMs[attempt - 1];
  return delayMs === undefined ? null : lengthened(delayMs, random);
}

/**
 * The wait before try `attempt + 1`, doubling from `baseMs` up to `capMs`, for tries without an end (reconnecting, polling).
 * The result lies within [d, 1.2 d] where d = min(capMs, baseMs * 2^(attempt - 1)).
 * @param attempt the attempt that has just failed, 1 or more
 * @param random uniform in [0, 1)
 */
export function exponentialDelayMs(
  attempt: number,
  { baseMs, capMs }: { readonly baseMs: number; readonly capMs: number },
  random: () => number,
): number {
  requireAttempt(attempt);
  return lengthened(Math.min(capMs, baseMs * 2 ** (attempt - 1)), random);
}

function lengthened(delayMs: number, random: () => number): number {
  return delayMs + Math.floor(delayMs * jitterRatio * random());
}

function requireAttempt(attempt: number): void {
  if (!Number.isInteger(attempt) || attempt < 1) throw new RangeError('attempt must be a whole number of 1 or more');
}
