import { createFairPermits } from './fair-permits.ts';

export interface SharedTurns<Owner extends string> {
  /**
   * Runs `work` when it is its owner's turn. Whoever asks for the same `key` before that gets the same outcome. Whoever asks after `work`
   * has begun waits for a run of its own: nobody gets what was read before the asking.
   */
  run<Result>(owner: Owner, key: string, work: () => Promise<Result>): Promise<Result>;
}

/** At most `totalMax` runs at a time within this process, and at most `perOwnerMax` of one owner. A key has one type of result. */
export function createSharedTurns<Owner extends string>({
  totalMax,
  perOwnerMax,
}: {
  readonly totalMax: number;
  readonly perOwnerMax: number;
}): SharedTurns<Owner> {
  const permits = createFairPermits<Owner>({ totalMax, perKeyMax: perOwnerMax });
  const waiting = new Map<string, Promise<unknown>>();

  return {
    run<Result>(owner: Owner, key: string, work: () => Promise<Result>): Promise<Result> {
      const found = waiting.get(key);
      if (found !== undefined) return found as Promise<Result>;
      const run = permits.run(owner, () => {
        waiting.delete(key);
        return work();
      });
      waiting.set(key, run);
      return run;
    },
  };
}
