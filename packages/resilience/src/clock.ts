/** Time as an argument, so that tests can hold it in their hands. */
export interface Clock {
  /** Wall-clock time: for storing and showing. It may jump. */
  now(): Date;
  /** Milliseconds since an arbitrary start, never backwards: for measuring. Differences only. */
  monotonicMs(): number;
}

export function systemClock(): Clock {
  return {
    now: () => new Date(),
    monotonicMs: () => performance.now(),
  };
}
