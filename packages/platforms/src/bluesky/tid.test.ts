import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tidOf } from './tid.ts';

const seed = fc.record({
  now: fc.date({ min: new Date('2020-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
  uniqueNumber: fc.maxSafeNat(),
});

describe('a record key', () => {
  test('has the form the specification asks for', () => {
    fc.assert(
      fc.property(seed, (given) => {
        expect(tidOf(given)).toMatch(/^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$/u);
      }),
    );
  });

  test('is the one another implementation makes of the same time', () => {
    // 1 700 000 000 000 000 microseconds and clock id 0, computed by hand in base 32.
    expect(tidOf({ now: new Date(1_700_000_000_000), uniqueNumber: 0 })).toBe(byHand(1_700_000_000_000_000n << 10n));
    expect(tidOf({ now: new Date(0), uniqueNumber: 0 })).toBe('2222222222222');
  });

  test('is the same for the same seed', () => {
    fc.assert(
      fc.property(seed, (given) => {
        expect(tidOf(given)).toBe(tidOf({ ...given }));
      }),
    );
  });

  test('differs for a million numbers of the same millisecond, and sorts by time', () => {
    const now = new Date('2026-11-22T10:00:00Z');
    const keys = new Set<string>();
    for (let uniqueNumber = 0; uniqueNumber < 1_024_000; uniqueNumber += 997) keys.add(tidOf({ now, uniqueNumber }));
    expect(keys.size).toBe(Math.ceil(1_024_000 / 997));
    const later = tidOf({ now: new Date(now.getTime() + 1), uniqueNumber: 0 });
    expect([...keys].every((key) => key < later)).toBe(true);
  });
});

function byHand(value: bigint): string {
  const digits = value.toString(32).padStart(13, '0');
  return digits.replace(/./gu, (digit) => '234567abcdefghijklmnopqrstuvwxyz'.charAt(Number.parseInt(digit, 32)));
}
