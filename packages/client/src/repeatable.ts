import { pauseBeforeRetryMs } from './pause-before-retry.ts';
import { ProblemError } from './problem-error.ts';

export type IdempotencyHeader = { readonly 'Idempotency-Key': string };

/**
 * Sends until an answer comes, and has its work done once: every try carries the same `Idempotency-Key`, to be given as `params: { header }`.
 * Tried again is what got no answer, a 5xx, a 429, and a first try that is still running.
 * @param options.key where the process may end in between: one that is known to the next
 */
export async function repeatable<Answer>(
  send: (header: IdempotencyHeader) => Promise<Answer>,
  options: { readonly key?: string; readonly triesMax?: number } = {},
): Promise<Answer> {
  const { key = newKey(), triesMax = 5 } = options;
  for (let tries = 1; ; tries += 1) {
    try {
      return await send({ 'Idempotency-Key': key });
    } catch (error) {
      if (tries >= triesMax || !mayPass(error)) throw error;
      const asked = error instanceof ProblemError ? error.retryAfterSeconds : null;
      const pauseMs = asked === null ? pauseBeforeRetryMs(tries - 1) : asked * 1_000;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** `crypto.randomUUID` is only there for pages that came over HTTPS. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function mayPass(error: unknown): boolean {
  if (error instanceof ProblemError)
    return error.status >= 500 || error.status === 429 || error.code === 'idempotency_in_flight';
  // What `fetch` says where no answer came.
  return error instanceof TypeError;
}
