import { expect, test } from 'vitest';
import { createSharedTurns } from './shared-turns.ts';

/** Work that ends when it is told to, and says which run it was. */
function slowWork() {
  const ends: (() => void)[] = [];
  let runs = 0;
  return {
    runs: () => runs,
    endNext: () => ends.shift()?.(),
    work: () => {
      const run = (runs += 1);
      return new Promise<number>((resolve) => ends.push(() => resolve(run)));
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('those who wait for the same share a run; who asks after it has begun gets a later one', async () => {
  const turns = createSharedTurns<string>({ totalMax: 1, perOwnerMax: 1 });
  const { work, endNext, runs } = slowWork();
  const first = [turns.run('a', 'page', work), turns.run('a', 'page', work)];
  await turn();
  const later = [turns.run('a', 'page', work), turns.run('a', 'page', work), turns.run('a', 'page', work)];
  endNext();
  expect(await Promise.all(first)).toEqual([1, 1]);
  await turn();
  endNext();
  expect(await Promise.all(later)).toEqual([2, 2, 2]);
  expect(runs()).toBe(2);
});

test('a failure is shared, and the next one tries anew', async () => {
  const turns = createSharedTurns<string>({ totalMax: 1, perOwnerMax: 1 });
  const fail = () => Promise.reject(new Error('away'));
  const failed = await Promise.allSettled([turns.run('a', 'page', fail), turns.run('a', 'page', fail)]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await turns.run('a', 'page', async () => 'there')).toBe('there');
});

test('one owner has no more runs at a time than it may have, whatever it asks for', async () => {
  const turns = createSharedTurns<string>({ totalMax: 3, perOwnerMax: 2 });
  const greedy = slowWork();
  for (let page = 0; page < 10; page += 1) void turns.run('greedy', `greedy ${page}`, greedy.work);
  const other = turns.run('other', 'other', async () => 'served');
  expect(await other).toBe('served');
  expect(greedy.runs()).toBe(2);
  for (let page = 0; page < 10; page += 1) {
    greedy.endNext();
    await turn();
  }
});
