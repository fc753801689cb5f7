import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFairPermits } from './fair-permits.ts';

/** Work that runs until it is told to end, and what has begun so far. */
function gatedWork(permits: ReturnType<typeof createFairPermits<string>>) {
  const begun: string[] = [];
  const gates = new Map<string, () => void>();
  const add = (key: string, name: string) =>
    permits.run(key, () => {
      begun.push(name);
      return new Promise<void>((resolve) => gates.set(name, resolve));
    });
  return { begun, add, end: (name: string) => gates.get(name)?.() };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a thousand pieces of one key delay another key’s first by what is running, not by the thousand', async () => {
  const work = gatedWork(createFairPermits<string>({ totalMax: 2, perKeyMax: 2 }));
  const all = Array.from({ length: 1000 }, (_, index) => work.add('many', `many ${index}`));
  const one = work.add('one', 'one');
  await turn();
  expect(work.begun).toEqual(['many 0', 'many 1']);
  work.end('many 0');
  await turn();
  expect(work.begun.at(-1)).toBe('one');
  work.end('one');
  await one;
  for (let index = 1; index < 1000; index += 1) {
    work.end(`many ${index}`);
    await turn();
  }
  await Promise.all(all);
});

test('what one key may not take stays free for others at once', async () => {
  const work = gatedWork(createFairPermits<string>({ totalMax: 3, perKeyMax: 2 }));
  for (let index = 0; index < 6; index += 1) void work.add('many', `many ${index}`);
  await turn();
  expect(work.begun).toEqual(['many 0', 'many 1']);
  void work.add('other', 'other');
  await turn();
  expect(work.begun).toEqual(['many 0', 'many 1', 'other']);
});

test('work that fails gives its permit back', async () => {
  const permits = createFairPermits<string>({ totalMax: 1, perKeyMax: 1 });
  await expect(permits.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await permits.run('a', async () => 'yes')).toBe('yes');
});

test('whatever comes in whichever order, the bounds hold, nothing is left waiting and each key keeps its order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 40 }),
      async (totalMax, perKeyMax, keys) => {
        const permits = createFairPermits<string>({ totalMax, perKeyMax });
        const running: string[] = [];
        const begun: { key: string; index: number }[] = [];
        await Promise.all(
          keys.map((key, index) =>
            permits.run(key, async () => {
              begun.push({ key, index });
              running.push(key);
              expect(running.length).toBeLessThanOrEqual(totalMax);
              expect(running.filter((one) => one === key).length).toBeLessThanOrEqual(perKeyMax);
              await turn();
              running.splice(running.indexOf(key), 1);
            }),
          ),
        );
        expect(begun).toHaveLength(keys.length);
        for (const key of ['a', 'b', 'c']) {
          const order = begun.filter((one) => one.key === key).map(({ index }) => index);
          expect(order).toEqual(order.toSorted((one, other) => one - other));
        }
      },
    ),
  );
});

test.each([0, -1, 1.5, Number.NaN])('%s permits make no sense', (max) => {
  expect(() => createFairPermits({ totalMax: max, perKeyMax: 1 })).toThrow(RangeError);
  expect(() => createFairPermits({ totalMax: 1, perKeyMax: max })).toThrow(RangeError);
});
