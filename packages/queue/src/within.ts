import { QueueStoreError } from './store-error.ts';

/**
 * Bounds the wait for a store that may be away. The work itself goes on and may still take effect.
 * @throws QueueStoreError with code null when the time is over, or with the work's error as its cause
 */
export async function within<Value>(timeoutMs: number, what: string, work: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new QueueStoreError(`${what}: no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([work, late]);
  } catch (cause) {
    if (cause instanceof QueueStoreError) throw cause;
    throw new QueueStoreError(`${what} failed`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
