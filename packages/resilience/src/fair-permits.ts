export interface FairPermits<Key> {
  /** Runs `work` once a permit is free for its key. */
  run<Result>(key: Key, work: () => Promise<Result>): Promise<Result>;
}

/**
 * Lets at most `totalMax` pieces of work run at a time within this process, and at most `perKeyMax` of one key. Next is the key
 * with the fewest running, and within a key first come, first served. So a thousand pieces of one key delay another key's first
 * piece by what is running, not by the thousand.
 */
export function createFairPermits<Key>({
  totalMax,
  perKeyMax,
}: {
  readonly totalMax: number;
  readonly perKeyMax: number;
}): FairPermits<Key> {
  for (const max of [totalMax, perKeyMax])
    if (!Number.isInteger(max) || max < 1)
      throw new RangeError('a number of permits must be a whole number of 1 or more');
  /** In the order of their turns. */
  const waiting = new Map<Key, (() => void)[]>();
  const running = new Map<Key, number>();
  let total = 0;

  function enter(key: Key): Promise<void> {
    return new Promise((resolve) => {
      const waiters = waiting.get(key) ?? [];
      waiters.push(resolve);
      waiting.set(key, waiters);
      serve();
    });
  }

  function serve(): void {
    for (let next = nextTurn(); next !== null && total < totalMax; next = nextTurn()) {
      const { key, waiters, own } = next;
      const start = waiters.shift();
      // Its turn is over: it stands behind all others that wait.
      waiting.delete(key);
      if (waiters.length > 0) waiting.set(key, waiters);
      running.set(key, own + 1);
      total += 1;
      start?.();
    }
  }

  /** Of those that wait and may run, the one with the fewest running; among equals the one that has waited longest for its turn. */
  function nextTurn(): { key: Key; waiters: (() => void)[]; own: number } | null {
    let best: ReturnType<typeof nextTurn> = null;
    for (const [key, waiters] of waiting) {
      const own = running.get(key) ?? 0;
      if (own < perKeyMax && own < (best?.own ?? Infinity)) best = { key, waiters, own };
    }
    return best;
  }

  function leave(key: Key): void {
    const left = (running.get(key) ?? 1) - 1;
    if (left === 0) running.delete(key);
    else running.set(key, left);
    total -= 1;
    serve();
  }

  return {
    async run(key, work) {
      await enter(key);
      try {
        return await work();
      } finally {
        leave(key);
      }
    },
  };
}
