import type { Clock } from './clock.ts';

/** The reason a deadline's signal carries. */
export class DeadlineExceededError extends Error {
  override readonly name = 'DeadlineExceededError';
  readonly code = 'DEADLINE_EXCEEDED';
  readonly timeoutMs: number;

  constructor(what: string, timeoutMs: number) {
    super(`${what} took longer than ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

export interface Deadline extends Disposable {
  /** Aborts with `DeadlineExceededError`, or with the parent's reason if that comes first. */
  readonly signal: AbortSignal;
  /** Milliseconds left by the monotonic clock, never below 0. It reaches 0 even where the event loop is too busy to abort in time. */
  remainingMs(): number;
}

/**
 * A time budget for one piece of work. Dispose it when the work is done, or its timer keeps the process awake.
 * @param what names the work in the error: "publishing"
 */
export function startDeadline({
  what,
  timeoutMs,
  clock,
  parent,
}: {
  readonly what: string;
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly parent?: AbortSignal | undefined;
}): Deadline {
  const endsAtMs = clock.monotonicMs() + timeoutMs;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DeadlineExceededError(what, timeoutMs)), timeoutMs);

  return {
    signal: parent === undefined ? controller.signal : AbortSignal.any([controller.signal, parent]),
    remainingMs: () => Math.max(0, endsAtMs - clock.monotonicMs()),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
