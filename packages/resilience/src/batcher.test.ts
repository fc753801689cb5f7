import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { createBatcher } from './batcher.ts';

const patientMs = 60_000;

test('calls of one tick run as one batch, each with its own result', async () => {
  const batches: number[][] = [];
  const batcher = createBatcher({
    maxSize: 10,
    maxWaitMs: patientMs,
    async run(batch: number[]) {
      batches.push(batch);
      return batch.map((item) => item * 2);
    },
  });
  expect(await Promise.all([1, 2, 3].map((item) => batcher.add(item)))).toEqual([2, 4, 6]);
  expect(batches).toEqual([[1, 2, 3]]);
});

test('a lone call while idle does not wait for others', async () => {
  const batcher = createBatcher({ maxSize: 10, maxWaitMs: patientMs, run: async (batch: string[]) => batch });
  expect(await batcher.add('a')).toBe('a');
  expect(await batcher.add('b')).toBe('b');
});

test('calls that arrive during a run form the next batch, and runs do not overlap', async () => {
  const gate = Promise.withResolvers<void>();
  const batches: number[][] = [];
  const batcher = createBatcher({
    maxSize: 10,
    maxWaitMs: patientMs,
    async run(batch: number[]) {
      batches.push(batch);
      await gate.promise;
      return batch;
    },
  });
  const first = batcher.add(1);
  await vi.waitFor(() => expect(batches).toHaveLength(1));
  const others = [2, 3, 4].map((item) => batcher.add(item));
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(batches).toEqual([[1]]);
  gate.resolve();
  await Promise.all([first, ...others]);
  expect(batches).toEqual([[1], [2, 3, 4]]);
});

test('an error rejects every call of its batch and none of the next', async () => {
  const batcher = createBatcher({
    maxSize: 2,
    maxWaitMs: patientMs,
    async run(batch: number[]) {
      if (batch.includes(1)) throw new Error('no database');
      return batch;
    },
  });
  const outcomes = await Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
});

test('a wrong number of results rejects instead of giving one caller the result of another', async () => {
  const batcher = createBatcher({ maxSize: 10, maxWaitMs: patientMs, run: async (batch: number[]) => batch.slice(1) });
  const outcomes = await Promise.allSettled([1, 2].map((item) => batcher.add(item)));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('a run that hangs does not hold up later calls for longer than maxWaitMs', async () => {
  const hung = Promise.withResolvers<number[]>();
  let runs = 0;
  const batcher = createBatcher({
    maxSize: 10,
    maxWaitMs: 5,
    run(batch: number[]) {
      runs += 1;
      return runs === 1 ? hung.promise : Promise.resolve(batch);
    },
  });
  const first = batcher.add(1);
  await vi.waitFor(() => expect(runs).toBe(1));
  expect(await batcher.add(2)).toBe(2);
  expect(await batcher.add(3)).toBe(3);
  hung.resolve([1]);
  expect(await first).toBe(1);
});

test('whatever the arrivals and run times: every call gets its own result, in order, in batches within the size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.record({ ticksBefore: fc.nat({ max: 3 }), runTicks: fc.nat({ max: 4 }) }), { maxLength: 30 }),
      async (maxSize, plan) => {
        const seen: number[] = [];
        let underWay = 0;
        const batcher = createBatcher({
          maxSize,
          maxWaitMs: patientMs,
          async run(batch: number[]) {
            underWay += 1;
            expect(underWay).toBe(1);
            expect(batch.length).toBeLessThanOrEqual(maxSize);
            seen.push(...batch);
            await ticks(plan[batch[0] ?? 0]?.runTicks ?? 0);
            underWay -= 1;
            return batch.map((item) => item + 1000);
          },
        });
        const calls: Promise<number>[] = [];
        for (const [item, { ticksBefore }] of plan.entries()) {
          await ticks(ticksBefore);
          calls.push(batcher.add(item));
        }
        expect(await Promise.all(calls)).toEqual(plan.map((_, item) => item + 1000));
        expect(seen).toEqual(plan.map((_, item) => item));
      },
    ),
    { numRuns: 50 },
  );
});

async function ticks(count: number): Promise<void> {
  for (let tick = 0; tick < count; tick += 1) await new Promise(setImmediate);
}
