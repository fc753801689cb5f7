export interface Semaphore {
  /** Runs `work` once fewer than the permitted number are running; first come, first served. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Lets at most `concurrencyMax` pieces of work run at a time within this process; the others wait, without a limit to their number. */
export function createSemaphore(concurrencyMax: number): Semaphore {
  if (!Number.isInteger(concurrencyMax) || concurrencyMax < 1)
    throw new RangeError('concurrencyMax must be a whole number of 1 or more');
  const waiting: (() => void)[] = [];
  let running = 0;

  const enter = async () => {
    if (running < concurrencyMax) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = () => {
    // A place is handed on rather than freed, or a newcomer could slip in before the one who waits.
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };

  return {
    async run(work) {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
