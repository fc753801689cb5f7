import { exponentialDelayMs } from './backoff.ts';
import { sleep } from './sleep.ts';

export interface RetryWhileOptions {
  /** Whether what kept the attempt from its end may pass by itself. */
  readonly isPassing: (error: unknown) => boolean;
  /** From the first attempt on; the error of the attempt that ends later than this is thrown. */
  readonly patienceMs: number;
  readonly pause: { readonly baseMs: number; readonly capMs: number };
  readonly monotonicMs: () => number;
  readonly onRetry?: ((error: unknown, pauseMs: number) => void | Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Tries until it succeeds, fails for a reason that does not pass, or patience is over. Pauses double up to their cap. */
export async function retryWhile<Result>(attempt: () => Promise<Result>, options: RetryWhileOptions): Promise<Result> {
  const endsAtMs = options.monotonicMs() + options.patienceMs;
  for (let number = 1; ; number += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!options.isPassing(error) || options.monotonicMs() >= endsAtMs) throw error;
      const pauseMs = exponentialDelayMs(number, options.pause, () => 0);
      await options.onRetry?.(error, pauseMs);
      await sleep(pauseMs, options.signal);
    }
  }
}
