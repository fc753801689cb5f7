import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from './start-error.ts';

const patienceMs = 30_000;
const pollMs = 50;

/** @throws StartError when the address does not answer 200 within 30 s */
export async function waitUntilHealthy(url: string, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(patienceMs);
  let last = 'no answer';
  while (!deadline.aborted) {
    try {
      const response = await fetch(url, { signal: AbortSignal.any([signal, deadline]) });
      if (response.ok) return;
      last = `status ${response.status}`;
    } catch (error) {
      signal.throwIfAborted();
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(pollMs, undefined, { signal });
  }
  throw new StartError(`The API did not become healthy within ${patienceMs / 1000} s (${last}).`);
}
