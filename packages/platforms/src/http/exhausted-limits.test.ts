import { describe, expect, test } from 'vitest';
import { bluesky } from '../bluesky/index.ts';
import { discord } from '../discord/index.ts';
import { mastodon } from '../mastodon/index.ts';
import { answerOf } from '../testing/test-platform.ts';
import { x } from '../x/index.ts';

const nowMs = Date.parse('2026-11-22T10:00:00Z');
const epochIn = (seconds: number) => String(nowMs / 1_000 + seconds);

describe('an answer to a post tells which limits are used up', () => {
  test('X: the window of the user, the day of the user and the day of the app', () => {
    const window = { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': epochIn(600) };
    expect(x.exhaustedLimits(answerOf(201, {}, window))).toEqual([{ scope: 'account', resetMs: 600_000 }]);
    expect(x.exhaustedLimits(answerOf(201, {}, { ...window, 'x-rate-limit-remaining': '1' }))).toEqual([]);
    const day = { 'x-app-limit-24hour-remaining': '0', 'x-app-limit-24hour-reset': epochIn(3_600) };
    expect(x.exhaustedLimits(answerOf(201, {}, { ...day, 'x-rate-limit-remaining': '5' }))).toEqual([
      { scope: 'app', resetMs: 3_600_000 },
    ]);
    const userDay = { 'x-user-limit-24hour-remaining': '0', 'x-user-limit-24hour-reset': epochIn(7_200) };
    expect(x.exhaustedLimits(answerOf(201, {}, userDay))).toEqual([{ scope: 'account', resetMs: 7_200_000 }]);
  });

  test.each([
    ['at once', { 'retry-after': '0' }],
    ['in the past', { 'retry-after': 'Sun, 22 Nov 2026 09:00:00 GMT' }],
    ['a window that is over', { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': epochIn(-60) }],
  ])(
    'a 429 that says to come back %s closes the account for a second, or each of its posts would ask',
    (_what, headers) => {
      for (const platform of [x, discord, bluesky, mastodon]) {
        const told = platform.exhaustedLimits(answerOf(429, {}, headers));
        for (const limit of told) expect(limit).toEqual({ scope: 'account', resetMs: 1_000 });
        if ('retry-after' in headers || platform === x) expect(told).not.toEqual([]);
      }
    },
  );

  test('X: a 429 for the app does not close the account', () => {
    const headers = {
      'x-app-limit-24hour-remaining': '0',
      'x-app-limit-24hour-reset': epochIn(3_600),
      'retry-after': '3600',
    };
    expect(x.exhaustedLimits(answerOf(429, {}, headers))).toEqual([{ scope: 'app', resetMs: 3_600_000 }]);
  });

  test('Bluesky: fewer points than a post costs are none', () => {
    const left = (points: number) => ({ 'ratelimit-remaining': String(points), 'ratelimit-reset': epochIn(120) });
    expect(bluesky.exhaustedLimits(answerOf(200, {}, left(2)))).toEqual([{ scope: 'account', resetMs: 120_000 }]);
    expect(bluesky.exhaustedLimits(answerOf(200, {}, left(3)))).toEqual([]);
  });

  test('Mastodon: the reset is an ISO time, measured against the clock of the instance', () => {
    const headers = {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '2026-11-22T10:05:00.000000Z',
      date: 'Sun, 22 Nov 2026 10:01:00 GMT',
    };
    expect(mastodon.exhaustedLimits(answerOf(200, {}, headers))).toEqual([{ scope: 'account', resetMs: 240_000 }]);
  });

  test('Discord: seconds with a fraction, and the body of a 429', () => {
    const headers = {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': epochIn(9),
      'x-ratelimit-reset-after': '1.25',
    };
    expect(discord.exhaustedLimits(answerOf(200, {}, headers))).toEqual([{ scope: 'account', resetMs: 1_250 }]);
    expect(discord.exhaustedLimits(answerOf(429, { retry_after: 2.5, global: true }, {}))).toEqual([
      { scope: 'account', resetMs: 2_500 },
    ]);
  });
});

describe('nothing is concluded', () => {
  test.each([
    ['a reset years away', 201, { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': epochIn(9_999_999_999) }],
    ['a reset that is no number', 201, { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': 'soon' }],
    ['no reset', 201, { 'x-rate-limit-remaining': '0' }],
    ['a count that is no number', 201, { 'x-rate-limit-remaining': '', 'x-rate-limit-reset': epochIn(60) }],
    ['a negative count', 201, { 'x-rate-limit-remaining': '-1', 'x-rate-limit-reset': epochIn(60) }],
    ['a server error', 503, { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': epochIn(60) }],
    ['another refusal', 403, { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': epochIn(60) }],
    ['a 429 without a time', 429, {}],
  ])('from %s', (_what, status, headers) => {
    expect(x.exhaustedLimits(answerOf(status, {}, headers))).toEqual([]);
  });
});
