import { createSharedPlaces } from './shared-places.ts';

export interface FairPermits<Key extends string> {
  /** Runs `work` once a permit is free for its key. */
  run<Result>(key: Key, work: () => Promise<Result>): Promise<Result>;
}

/**
 * Lets at most `totalMax` pieces of work run at a time within this process, and at most `perKeyMax` of one key. Next is the key
 * with the fewest running, and within a key first come, first served. So a thousand pieces of one key delay another key's first
 * piece by what is running, not by the thousand.
 */
export function createFairPermits<Key extends string>({
  totalMax,
  perKeyMax,
}: {
  readonly totalMax: number;
  readonly perKeyMax: number;
}): FairPermits<Key> {
  if (!Number.isInteger(perKeyMax) || perKeyMax < 1)
    throw new RangeError('a number of permits must be a whole number of 1 or more');
  const places = createSharedPlaces({ totalMax });
  return {
    async run(key, work) {
      using _permit = await places.take([{ key, max: () => perKeyMax }]);
      return await work();
    },
  };
}
