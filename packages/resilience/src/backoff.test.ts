import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exponentialDelayMs, retryDelayMs } from './backoff.ts';

const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const delays = fc.integer({ min: 0, max: 86_400_000 });

describe('retryDelayMs', () => {
  test('never waits less than the configured delay, and at most a fifth longer', () => {
    fc.assert(
      fc.property(fc.array(delays, { minLength: 1, maxLength: 10 }), fc.nat(), randoms, (list, pick, random) => {
        const attempt = (pick % list.length) + 1;
        const configured = list[attempt - 1] ?? Number.NaN;
        const delayMs = retryDelayMs(attempt, list, () => random);
        expect(delayMs).toBeGreaterThanOrEqual(configured);
        expect(delayMs).toBeLessThanOrEqual(configured * 1.2);
      }),
    );
  });

  test('ends when the list is used up', () => {
    expect(retryDelayMs(3, [60_000, 300_000, 900_000], () => 0)).toBe(900_000);
    expect(retryDelayMs(4, [60_000, 300_000, 900_000], () => 0)).toBeNull();
    expect(retryDelayMs(1, [], () => 0)).toBeNull();
  });

  test('refuses an attempt that cannot have failed', () => {
    for (const attempt of [0, -1, 1.5, Number.NaN])
      expect(() => retryDelayMs(attempt, [1], () => 0)).toThrow(RangeError);
  });
});

describe('exponentialDelayMs', () => {
  test('doubles up to the cap, and jitter only lengthens', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 1, max: 10_000 }),
        delays,
        randoms,
        (attempt, baseMs, capMs, random) => {
          const floor = Math.min(capMs, baseMs * 2 ** (attempt - 1));
          const delayMs = exponentialDelayMs(attempt, { baseMs, capMs }, () => random);
          expect(delayMs).toBeGreaterThanOrEqual(floor);
          expect(delayMs).toBeLessThanOrEqual(floor * 1.2);
        },
      ),
    );
  });

  test('spreads callers that failed together', () => {
    const at = (random: number) => exponentialDelayMs(3, { baseMs: 1000, capMs: 60_000 }, () => random);
    expect(at(0)).toBe(4000);
    expect(at(0.99)).toBeGreaterThan(4700);
  });
});
