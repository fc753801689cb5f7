import { describe, expect, test } from 'vitest';
import { answerOf } from '../testing/test-platform.ts';
import { xGrantRefusal, xRefusal } from './errors.ts';

const about = (status: number, title: string, detail: string) => ({ title, detail, type: 'about:blank', status });

describe('a refusal of X', () => {
  test.each([
    [
      400,
      { title: 'Invalid Request', type: 'https://api.twitter.com/2/problems/invalid-request' },
      'content',
      'invalid-request',
    ],
    [400, { type: 'https://api.x.com/2/problems/invalid-request' }, 'content', 'invalid-request'],
    [401, about(401, 'Unauthorized', 'Unauthorized'), 'auth_expired', 'http_401'],
    [402, about(402, 'CreditsDepleted', 'No credits'), 'quota', 'http_402'],
    [
      403,
      about(403, 'Forbidden', 'You are not allowed to create a Tweet with duplicate content.'),
      'duplicate',
      'http_403',
    ],
    [403, about(403, 'Forbidden', 'You are not permitted to perform this action.'), 'permission', 'http_403'],
    [403, { type: 'https://api.twitter.com/2/problems/client-forbidden' }, 'permission', 'client-forbidden'],
    [404, { type: 'https://api.twitter.com/2/problems/resource-not-found' }, 'not_found', 'resource-not-found'],
    [429, { errors: [{ code: 88, message: 'Rate limit exceeded' }] }, 'rate_limit', 'http_429'],
    [429, { type: 'https://api.twitter.com/2/problems/usage-capped' }, 'quota', 'usage-capped'],
    [400, 'no object', 'content', 'http_400'],
    [400, { type: 5, detail: [], errors: 'x' }, 'content', 'http_400'],
  ])('%s %j is %s', (status, json, kind, platformCode) => {
    expect(xRefusal(answerOf(status, json))).toMatchObject({ kind, platformCode });
  });

  test.each([
    ['Your account is suspended and is not permitted to access this feature.', 'is suspended'],
    [
      'To protect our users from spam and other malicious activity, this account is temporarily locked.',
      'is locked until its owner signs in there',
    ],
  ])('says what has become of an account: %s', (detail, accountGone) => {
    expect(xRefusal(answerOf(403, about(403, 'Forbidden', detail)))).toMatchObject({ kind: 'permission', accountGone });
    expect(xRefusal(answerOf(403, about(403, 'Forbidden', 'You are not permitted.')))).not.toHaveProperty(
      'accountGone',
    );
  });

  test('tells the wait from the window, and from the day where that is spent', () => {
    const inSeconds = (seconds: number) => String(Date.parse('2026-11-22T10:00:00Z') / 1_000 + seconds);
    const window = { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': inSeconds(60) };
    expect(xRefusal(answerOf(429, {}, window))).toMatchObject({ kind: 'rate_limit', retryAfterMs: 60_000 });
    const day = { ...window, 'x-user-limit-24hour-remaining': '0', 'x-user-limit-24hour-reset': inSeconds(3_600) };
    expect(xRefusal(answerOf(429, {}, day))).toMatchObject({ kind: 'quota', retryAfterMs: 3_600_000 });
    expect(xRefusal(answerOf(429, {}, { ...window, 'x-user-limit-24hour-remaining': '5' }))).toMatchObject({
      kind: 'rate_limit',
    });
  });
});

describe('a refusal of the token endpoint', () => {
  test.each([
    [400, { error: 'invalid_request', error_description: 'Value passed for the token was invalid.' }, 'auth_revoked'],
    [400, { error: 'invalid_grant' }, 'auth_revoked'],
    [401, {}, 'auth_revoked'],
    [401, { error: 'invalid_client' }, 'permission'],
    [401, { error: 'unauthorized_client' }, 'permission'],
    [403, {}, 'permission'],
    [429, {}, 'rate_limit'],
  ])('%s %j is %s: only a dead grant asks for a new consent', (status, json, kind) => {
    expect(xGrantRefusal(answerOf(status, json))).toMatchObject({ kind });
  });

  test("keeps the platform's words to itself", () => {
    expect(xGrantRefusal(answerOf(400, { error: 'invalid_grant', error_description: 'token abc' }))).not.toHaveProperty(
      'reason',
    );
  });
});
