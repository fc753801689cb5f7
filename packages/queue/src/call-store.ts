import { withTimeout } from '@vibetribe/resilience/with-timeout';
import { QueueStoreError } from './store-error.ts';

/**
 * Waits for a call to a store that may be away, for a bounded time. The call itself goes on and may still take effect.
 * @throws QueueStoreError with the call's error, or the passed deadline, as its cause
 */
export async function callStore<Value>(timeoutMs: number, what: string, call: Promise<Value>): Promise<Value> {
  try {
    return await withTimeout(timeoutMs, what, call);
  } catch (cause) {
    if (cause instanceof QueueStoreError) throw cause;
    throw new QueueStoreError(`${what} failed`, { cause });
  }
}
