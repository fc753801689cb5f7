import { expect, test } from 'vitest';
import { answerOf } from '../testing/test-platform.ts';
import { mastodonRefusal } from './errors.ts';

test.each([
  [401, 'auth_revoked'],
  [403, 'permission'],
  [404, 'not_found'],
  [410, 'not_found'],
  [422, 'content'],
  [400, 'content'],
  [429, 'rate_limit'],
])('%s is %s in every language', (status, kind) => {
  const reason = 'Überprüfung gescheitert';
  expect(mastodonRefusal(answerOf(status, { error: reason }))).toMatchObject({
    kind,
    platformCode: `http_${status}`,
    reason,
  });
  expect(mastodonRefusal(answerOf(status, '<html>'))).toMatchObject({ kind, reason: undefined });
});

test.each([
  ['Your login is currently disabled', 'is suspended or disabled'],
  ['Your login is currently pending approval', 'is not approved'],
  ['Your login is missing a confirmed e-mail address', 'has no confirmed e-mail address'],
])('%s: the account is gone', (error, accountGone) => {
  expect(mastodonRefusal(answerOf(403, { error }))).toMatchObject({ kind: 'permission', accountGone });
  expect(mastodonRefusal(answerOf(422, { error }))).not.toHaveProperty('accountGone');
  const other = mastodonRefusal(answerOf(403, { error: 'This action is not allowed' }));
  expect(other).not.toHaveProperty('accountGone');
});

test('the wait is told as a time', () => {
  expect(mastodonRefusal(answerOf(429, {}, { 'x-ratelimit-reset': '2026-11-22T10:05:00.000000Z' })).retryAfterMs).toBe(
    300_000,
  );
});
