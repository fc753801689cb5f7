import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextPostReadMs, retryReadMs } from './read-schedule.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const always = { postDaysMax: null };

describe('a post is read', () => {
  test.each([
    [0, hourMs],
    [6 * hourMs - 1, hourMs],
    [6 * hourMs, 3 * hourMs],
    [dayMs, 12 * hourMs],
    [3 * dayMs, dayMs],
    [7 * dayMs, 7 * dayMs],
    [90 * dayMs, 30 * dayMs],
  ])('at the age of %i ms again after %i ms, later and later', (ageMs, waitMs) => {
    expect(nextPostReadMs(always, ageMs, 0)).toBe(waitMs);
  });

  test('never after a year', () => {
    expect(nextPostReadMs(always, 365 * dayMs, 0)).toBeNull();
  });

  test('twice as late for each reading without news, eight times at most', () => {
    expect([1, 2, 3, 4, 100].map((unchanged) => nextPostReadMs(always, 0, unchanged))).toEqual(
      [2, 4, 8, 8, 8].map((times) => times * hourMs),
    );
  });

  test('no sooner than its platform allows, and not past the time for which the platform tells numbers', () => {
    expect(nextPostReadMs({ postDaysMax: null, postHoursMin: 24 }, 0, 0)).toBe(dayMs);
    expect(nextPostReadMs({ postDaysMax: 30 }, 29 * dayMs, 0)).toBeNull();
  });

  test('once more the day before its platform tells no more, however quiet it was', () => {
    const quarter = { postDaysMax: 90, postHoursMin: 24 };
    expect(nextPostReadMs(quarter, 59 * dayMs, 3)).toBe(30 * dayMs);
    expect(nextPostReadMs(quarter, 84 * dayMs, 0)).toBe(5 * dayMs);
    expect(nextPostReadMs(quarter, 89 * dayMs, 0)).toBeNull();
    expect(nextPostReadMs({ postDaysMax: 0 }, 0, 0)).toBeNull();
  });

  test('about 41 times in its life, whatever happens at most', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 50 }), (unchanged) => {
        let ageMs = 0;
        let reads = 0;
        for (;;) {
          const waitMs = nextPostReadMs(always, ageMs, unchanged[reads % unchanged.length] ?? 0);
          if (waitMs === null) break;
          ageMs += waitMs;
          reads += 1;
        }
        expect(reads).toBeLessThanOrEqual(42);
      }),
    );
  });
});

test('what failed is tried again after an hour, later each time, once a day at least', () => {
  expect([1, 2, 3, 99].map(retryReadMs)).toEqual([hourMs, 2 * hourMs, 4 * hourMs, dayMs]);
});
