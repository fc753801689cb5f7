const firstMs = 500;
const mostMs = 30_000;

/** Grows with each failure, and differs between clients that failed together. */
export function pauseBeforeRetryMs(failures: number, { firstPauseMs = firstMs } = {}): number {
  const longest = Math.min(mostMs, firstPauseMs * 2 ** Math.min(failures, 16));
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return longest / 2 + (longest / 2) * (random / 2 ** 32);
}
