export interface Batcher<In, Out> {
  /** Joins the next batch. Resolves with this item's own result; rejects with the batch's error. */
  add(item: In): Promise<Out>;
}

interface Call<In, Out> {
  readonly item: In;
  resolve(result: Out): void;
  reject(error: unknown): void;
}

/**
 * Turns concurrent calls into batches whose size follows the load. While idle, a batch starts at the end of the current tick: a lone call
 * waits for nobody. What arrives during a run forms the next batch. A run that takes longer than `maxWaitMs` no longer holds up the next
 * batch, which then starts beside it.
 * @param run results in the order of the items, one for each; its error, or a wrong number of results, rejects every call of the batch
 */
export function createBatcher<In, Out>({
  maxSize,
  maxWaitMs,
  run,
}: {
  readonly maxSize: number;
  readonly maxWaitMs: number;
  readonly run: (batch: In[]) => Promise<Out[]>;
}): Batcher<In, Out> {
  if (!Number.isInteger(maxSize) || maxSize < 1) throw new RangeError('maxSize must be a whole number of 1 or more');
  const waiting: Call<In, Out>[] = [];
  /** What will start the next batch: the end of this tick, or the run under way. */
  let nextStart: 'none' | 'tick' | 'run' = 'none';

  const startBatch = () => {
    const calls = waiting.splice(0, maxSize);
    if (calls.length === 0) {
      nextStart = 'none';
      return;
    }
    nextStart = 'run';
    let holdsUpNext = true;
    const letNextStart = () => {
      clearTimeout(patience);
      if (!holdsUpNext) return;
      holdsUpNext = false;
      startBatch();
    };
    const patience = setTimeout(letNextStart, maxWaitMs);
    void settle(calls, run).then(letNextStart);
  };

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (nextStart !== 'none') return;
        nextStart = 'tick';
        setImmediate(startBatch);
      }),
  };
}

async function settle<In, Out>(calls: readonly Call<In, Out>[], run: (batch: In[]) => Promise<Out[]>): Promise<void> {
  try {
    const results = await run(calls.map(({ item }) => item));
    if (results.length !== calls.length)
      throw new RangeError(`a batch of ${calls.length} gave ${results.length} results`);
    for (const [index, call] of calls.entries()) call.resolve(results[index] as Out);
  } catch (error) {
    for (const call of calls) call.reject(error);
  }
}
