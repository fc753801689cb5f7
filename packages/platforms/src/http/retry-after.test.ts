import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resetMsOf, retryAfterMsOf } from './retry-after.ts';
import { answeredAt, answerOf } from '../testing/test-platform.ts';

const answer = (headers: Record<string, string>) => answerOf(429, undefined, headers);

describe('Retry-After', () => {
  test.each([
    ['30', 30_000],
    ['0', 0],
    ['0.65', 650],
    ['Sun, 22 Nov 2026 10:01:00 GMT', 60_000],
    ['Sun, 22 Nov 2026 09:00:00 GMT', 0],
    ['soon', null],
    ['-5', null],
    ['99999999999999', null],
  ])('%s means %s ms', (value, waitMs) => {
    expect(retryAfterMsOf(answer({ 'retry-after': value }))).toBe(waitMs);
  });

  test('is null where it is missing', () => {
    expect(retryAfterMsOf(answer({}))).toBeNull();
  });

  test('is never negative, never beyond a week and never an exception', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const waitMs = retryAfterMsOf(answer({ 'retry-after': value }));
        expect(waitMs === null || (waitMs >= 0 && waitMs <= 604_800_000)).toBe(true);
      }),
    );
  });
});

describe('a reset header', () => {
  test.each([
    ['epoch seconds', String(answeredAt.getTime() / 1_000 + 900)],
    ['ISO 8601', '2026-11-22T10:15:00.000Z'],
  ])('in %s is a wait', (_form, value) => {
    expect(resetMsOf(answer({ 'x-reset': value }), 'x-reset')).toBe(900_000);
  });

  test("is measured by the platform's clock where ours is wrong", () => {
    const headers = { 'x-reset': '2026-11-22T12:00:30Z', date: 'Sun, 22 Nov 2026 12:00:00 GMT' };
    expect(resetMsOf(answer(headers), 'x-reset')).toBe(30_000);
  });
});
