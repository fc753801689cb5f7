import { describe, expect, test } from 'vitest';
import { answeredAt, answerOf } from '../testing/test-platform.ts';
import { youTubeKinds } from '../youtube/api.ts';
import { googleGrantRefusal, googleRefusal, pacific } from './errors.ts';
import { midnightMs } from '../http/midnight.ts';

const error = (code: number, reason: string, more: object = {}) => ({
  error: { code, message: 'Told', errors: [{ message: 'Told', domain: 'd', reason }], ...more },
});
const refusalOf = (status: number, json: unknown, headers: Record<string, string> = {}) =>
  googleRefusal('read', youTubeKinds)(answerOf(status, json, headers));

test.each([
  [401, 'authError', 'auth_expired'],
  [401, 'youtubeSignupRequired', 'permission'],
  [403, 'quotaExceeded', 'quota'],
  [403, 'dailyLimitExceeded', 'quota'],
  [403, 'rateLimitExceeded', 'rate_limit'],
  [403, 'userRateLimitExceeded', 'rate_limit'],
  [429, 'rateLimitExceeded', 'rate_limit'],
  [400, 'uploadLimitExceeded', 'quota'],
  [400, 'invalidTitle', 'content'],
  [400, 'invalidDescription', 'content'],
  [400, 'mediaBodyRequired', 'content'],
  [403, 'forbidden', 'permission'],
  [403, 'forbiddenPrivacySetting', 'permission'],
  [403, 'insufficientPermissions', 'permission'],
  [403, 'commentsDisabled', 'content'],
  [404, 'videoNotFound', 'not_found'],
  [403, 'constructor', 'permission'],
] as const)('%i %s: %s', (status, reason, kind) => {
  expect(refusalOf(status, error(status, reason))).toMatchObject({ kind, platformCode: reason, reason: 'Told' });
});

test('a location that Google closed to the API is told once, not for each of its posts', () => {
  const details = [{ '@type': 'e', reason: 'LOCATION_DISABLED_FOR_LOCAL_POST_API' }];
  const json = { error: { code: 400, message: 'Disabled', status: 'FAILED_PRECONDITION', details } };
  expect(refusalOf(400, json).accountGone).toMatch(/takes no posts/u);
});

test('an error of the newer kind is told by its status and its fields', () => {
  const details = [{ errorDetails: [{ code: 2, field: 'summary', message: 'Must be at most 1500 characters' }] }];
  const json = { error: { code: 400, message: 'Invalid argument', status: 'INVALID_ARGUMENT', details } };
  expect(refusalOf(400, json)).toMatchObject({
    kind: 'content',
    platformCode: 'INVALID_ARGUMENT',
    reason: 'summary: Must be at most 1500 characters',
  });
});

describe('a day of units', () => {
  test('ends at midnight Pacific time, by Google’s clock; a wait that is told holds', () => {
    const date = 'Sun, 22 Nov 2026 20:00:00 GMT';
    expect(refusalOf(403, error(403, 'quotaExceeded'), { date }).retryAfterMs).toBe(12 * 3_600_000);
    expect(refusalOf(403, error(403, 'quotaExceeded')).retryAfterMs).toBe(
      Date.parse('2026-11-23T08:00:00Z') - answeredAt.getTime(),
    );
    expect(refusalOf(429, error(429, 'rateLimitExceeded'), { 'retry-after': '7' }).retryAfterMs).toBe(7_000);
    expect(refusalOf(400, error(400, 'uploadLimitExceeded'), { date }).retryAfterMs).toBeNull();
  });

  test.each([
    ['2026-03-08T07:59:59.999Z', '2026-03-08T08:00:00.000Z'],
    ['2026-03-08T08:00:00.000Z', '2026-03-09T07:00:00.000Z'],
    ['2026-11-01T07:00:00.000Z', '2026-11-02T08:00:00.000Z'],
    ['2026-07-01T12:34:56.000Z', '2026-07-02T07:00:00.000Z'],
  ])('at %s the next begins at %s, also where the clocks change', (now, next) => {
    expect(new Date(midnightMs(new Date(now), pacific)).toISOString()).toBe(next);
  });
});

test.each([
  [400, 'invalid_grant', 'auth_revoked'],
  [401, 'invalid_client', 'permission'],
  [400, 'redirect_uri_mismatch', 'permission'],
  [400, 'unsupported_grant_type', 'permission'],
] as const)('of what tokens are asked for with: %i %s: %s, and no word of it is shown', (status, code, kind) => {
  const refusal = googleGrantRefusal(answerOf(status, { error: code, error_description: 's3cret' }));
  expect(refusal).toEqual({ kind, platformCode: code });
});
