import { setTimeout as delay } from 'node:timers/promises';

export interface WaitForOptions {
  /** Default 10,000. */
  timeoutMs?: number;
  /** What is awaited, for the error; a function may tell the last state seen. */
  describe: string | (() => string);
  /** Default 20. */
  intervalMs?: number;
}

/**
 * Polls until the condition gives something truthy, and returns that. A condition that throws counts as not met yet.
 * @throws Error naming what was awaited, with the condition's last error as its cause
 */
export async function waitFor<Value>(condition: () => Value | Promise<Value>, options: WaitForOptions): Promise<Value> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const deadline = AbortSignal.timeout(timeoutMs);
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (deadline.aborted) break;
    await delay(options.intervalMs ?? 20);
  }
  const awaited = typeof options.describe === 'string' ? options.describe : options.describe();
  throw new Error(`Not within ${timeoutMs} ms: ${awaited}`, { cause });
}
