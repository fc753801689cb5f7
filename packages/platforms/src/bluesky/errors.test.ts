import { expect, test } from 'vitest';
import { answerOf } from '../testing/test-platform.ts';
import { blueskyRefusal, blueskySessionRefusal } from './errors.ts';

test.each([
  [400, 'ExpiredToken', 'auth_expired'],
  [400, 'InvalidToken', 'auth_expired'],
  [401, 'AuthMissing', 'auth_expired'],
  [401, 'AuthenticationRequired', 'auth_revoked'],
  [401, 'AccountTakedown', 'policy'],
  [400, 'InvalidRequest', 'content'],
  [400, 'InvalidSwap', 'duplicate'],
  [400, 'RecordNotFound', 'not_found'],
  [413, 'PayloadTooLarge', 'content'],
  [429, 'RateLimitExceeded', 'rate_limit'],
  [403, 'SomethingNew', 'permission'],
  // What every object has, and no table of ours.
  [400, 'constructor', 'content'],
  [403, '__proto__', 'permission'],
])('%s %s is %s', (status, error, kind) => {
  expect(blueskyRefusal(answerOf(status, { error, message: 'why' }))).toMatchObject({
    kind,
    platformCode: error,
    reason: 'why',
  });
});

test.each([
  [401, 'AccountTakedown', 'has been taken down'],
  [400, 'RepoTakendown', 'has been taken down'],
  [400, 'RepoSuspended', 'is suspended'],
  [401, 'AccountDeactivated', 'is deactivated'],
  [400, 'RepoDeactivated', 'is deactivated'],
  [401, 'AccountNotFound', 'does not exist any more'],
  [400, 'RepoNotFound', 'does not exist any more'],
])('%s %s is about the account itself', (status, error, accountGone) => {
  expect(blueskyRefusal(answerOf(status, { error, message: 'why' }))).toMatchObject({ accountGone });
  expect(blueskySessionRefusal(answerOf(status, { error, message: 'why' }))).toMatchObject({ accountGone });
  for (const other of ['InvalidRequest', 'constructor'])
    expect(blueskyRefusal(answerOf(400, { error: other }))).not.toHaveProperty('accountGone');
});

test('an answer without a name is judged by its status', () => {
  expect(blueskyRefusal(answerOf(401, '<html>'))).toMatchObject({ kind: 'auth_expired', platformCode: 'http_401' });
  expect(blueskyRefusal(answerOf(429, undefined, { 'ratelimit-reset': '1795341630' }))).toMatchObject({
    kind: 'rate_limit',
    retryAfterMs: 30_000,
  });
});

test('a session refused for its token is gone, and the words of the server stay out', () => {
  expect(blueskySessionRefusal(answerOf(400, { error: 'ExpiredToken', message: 'secret' }))).toEqual({
    kind: 'auth_revoked',
    platformCode: 'ExpiredToken',
    retryAfterMs: null,
  });
});
