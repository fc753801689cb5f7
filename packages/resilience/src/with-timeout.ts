import { DeadlineExceededError } from './deadline.ts';

/**
 * Bounds a wait. The work itself is not stopped: it may still take effect.
 * @param what names the work in the error: "publishing"
 * @throws DeadlineExceededError when the time is over; else whatever the work throws
 */
export async function withTimeout<Value>(timeoutMs: number, what: string, work: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DeadlineExceededError(what, timeoutMs)), timeoutMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
