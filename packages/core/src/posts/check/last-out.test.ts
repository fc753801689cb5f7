import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lastOutAtMs } from './last-out.ts';

const bound = { limit: 2, windowMs: 100 };

test.each([
  [[5], 5],
  [[0, 0, 5], 100],
  [[0, 60, 100], 100],
  [[0, 60, 90], 100],
  // Those before it wait as well.
  [[0, 0, 0, 0, 5], 200],
])('of %j the last goes out at %i', (due, at) => {
  expect(lastOutAtMs(due, bound)).toBe(at);
});

test('never before its time, never later for a larger limit, and never later than all of them one by one', () => {
  const times = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 50 }).map((all) => all.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 10 }), (due, limit) => {
      const at = lastOutAtMs(due, { limit, windowMs: 100 });
      expect(at).toBeGreaterThanOrEqual(due.at(-1) ?? 0);
      expect(lastOutAtMs(due, { limit: limit + 1, windowMs: 100 })).toBeLessThanOrEqual(at);
      expect(at).toBeLessThanOrEqual((due.at(-1) ?? 0) + due.length * 100);
    }),
  );
});
