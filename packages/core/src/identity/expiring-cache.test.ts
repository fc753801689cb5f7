import { expect, test } from 'vitest';
import { createExpiringCache } from './expiring-cache.ts';

function manualClock() {
  let nowMs = 0;
  return { monotonicMs: () => nowMs, advance: (ms: number) => void (nowMs += ms) };
}

test('a value is loaded once within its time, for concurrent callers too', async () => {
  const clock = manualClock();
  const cache = createExpiringCache<number>({ ttlMs: 100, entriesMax: 10, clock });
  let loads = 0;
  const get = () => cache.get('a', async () => (loads += 1));
  expect(await Promise.all([get(), get()])).toEqual([1, 1]);
  clock.advance(99);
  expect(await get()).toBe(1);
  clock.advance(1);
  expect(await get()).toBe(2);
});

test('an entry forgotten while it loads does not come back', async () => {
  const cache = createExpiringCache<string>({ ttlMs: 100, entriesMax: 10, clock: manualClock() });
  const slow = Promise.withResolvers<string>();
  const first = cache.get('a', () => slow.promise);
  cache.forget('a');
  slow.resolve('before the revocation');
  await first;
  expect(await cache.get('a', async () => 'after it')).toBe('after it');
});

test('a failed load is not kept', async () => {
  const cache = createExpiringCache<string>({ ttlMs: 100, entriesMax: 10, clock: manualClock() });
  await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await cache.get('a', async () => 'back')).toBe('back');
});

test('it never holds more than its bound', async () => {
  const cache = createExpiringCache<number>({ ttlMs: 1_000, entriesMax: 2, clock: manualClock() });
  for (const key of ['a', 'b', 'c']) await cache.get(key, async () => 1);
  expect(await cache.get('a', async () => 2)).toBe(2);
  expect(await cache.get('c', async () => 2)).toBe(1);
});
