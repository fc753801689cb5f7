import { expect, test } from 'vitest';
import { createLoadingCache } from './loading-cache.ts';

function manualClock() {
  let nowMs = 0;
  return { monotonicMs: () => nowMs, advance: (ms: number) => void (nowMs += ms) };
}

test('a value is loaded once within its time, for concurrent callers too', async () => {
  const clock = manualClock();
  const cache = createLoadingCache<number>({ ttlMs: 100, entriesMax: 10, clock });
  let loads = 0;
  const get = () => cache.get('a', async () => (loads += 1));
  expect(await Promise.all([get(), get()])).toEqual([1, 1]);
  clock.advance(99);
  expect(await get()).toBe(1);
  clock.advance(1);
  expect(await get()).toBe(2);
});

test('a value is as old as the beginning of its load', async () => {
  const clock = manualClock();
  const cache = createLoadingCache<number>({ ttlMs: 100, entriesMax: 10, clock });
  await cache.get('a', async () => {
    clock.advance(90);
    return 1;
  });
  clock.advance(10);
  expect(await cache.get('a', async () => 2)).toBe(2);
});

test('a hundred who come at once cause one load, and are counted', async () => {
  const counts = { hit: 0, miss: 0 };
  const cache = createLoadingCache<number>({
    ttlMs: 100,
    entriesMax: 10,
    clock: manualClock(),
    onLookUp: (result) => void (counts[result] += 1),
  });
  let loads = 0;
  const gate = Promise.withResolvers<void>();
  const load = async () => {
    await gate.promise;
    return (loads += 1);
  };
  const all = Promise.all(Array.from({ length: 100 }, () => cache.get('a', load)));
  gate.resolve();
  expect(new Set(await all)).toEqual(new Set([1]));
  expect(counts).toEqual({ hit: 99, miss: 1 });
});

test('with no time to live nothing is kept', async () => {
  const cache = createLoadingCache<number>({ ttlMs: 0, entriesMax: 10, clock: manualClock() });
  expect([await cache.get('a', async () => 1), await cache.get('a', async () => 2)]).toEqual([1, 2]);
});

test.each(['forget', 'forgetAll'] as const)(
  'an entry that is let go (%s) while it loads does not come back',
  async (verb) => {
    const cache = createLoadingCache<string>({ ttlMs: 100, entriesMax: 10, clock: manualClock() });
    const slow = Promise.withResolvers<string>();
    const first = cache.get('a', () => slow.promise);
    cache[verb]('a');
    slow.resolve('before the revocation');
    expect(await first).toBe('before the revocation');
    expect(await cache.get('a', async () => 'after it')).toBe('after it');
  },
);

test('a failed load is not kept', async () => {
  const cache = createLoadingCache<string>({ ttlMs: 100, entriesMax: 10, clock: manualClock() });
  await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await cache.get('a', async () => 'back')).toBe('back');
});

test('it never holds more than its bound', async () => {
  const cache = createLoadingCache<number>({ ttlMs: 1_000, entriesMax: 2, clock: manualClock() });
  for (const key of ['a', 'b', 'c']) await cache.get(key, async () => 1);
  expect(await cache.get('a', async () => 2)).toBe(2);
  expect(await cache.get('c', async () => 2)).toBe(1);
});
