import { createSharedPlaces, type Share } from '@vibetribe/resilience/shared-places';

export interface WorkInShares<Item> {
  /** Worked on at a time. */
  readonly placesMax: number;
  /** No further batch is read while so many are waiting for their turn. */
  readonly pendingMax: number;
  /** The next batch; empty: that was the last. */
  readonly read: () => Promise<readonly Item[]>;
  readonly sharesOf: (item: Item) => readonly Share[];
  /** Must not reject. */
  readonly work: (item: Item) => Promise<void>;
  /** Begins no further work once it aborts; what is under way comes to its end. */
  readonly signal?: AbortSignal | undefined;
}

/** Works through batches in shared places. The next batch is read while one party's slow work still waits. */
export async function workInShares<Item>(options: WorkInShares<Item>): Promise<void> {
  const { pendingMax, read, sharesOf, work, signal } = options;
  const places = createSharedPlaces({ totalMax: options.placesMax });
  const pending = new Set<Promise<void>>();
  const workOn = async (item: Item) => {
    using _place = await places.take(sharesOf(item));
    if (signal?.aborted !== true) await work(item);
  };
  while (signal?.aborted !== true) {
    const batch = await read();
    if (batch.length === 0) break;
    for (const item of batch) {
      const working = workOn(item).finally(() => pending.delete(working));
      pending.add(working);
    }
    while (pending.size >= pendingMax) await Promise.race(pending);
  }
  await Promise.all(pending);
}
