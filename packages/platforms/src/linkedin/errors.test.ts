import { describe, expect, test } from 'vitest';
import { answerOf } from '../testing/test-platform.ts';
import { linkedInGrantRefusal, linkedInRefusal } from './errors.ts';

const body = (status: number, code: string, more: object = {}) => ({ status, code, message: 'm', ...more });
const input = (code: string) => ({ errorDetails: { inputErrors: [{ description: 'd', input: {}, code }] } });
const kindOf = (status: number, json: unknown, effect: 'once' | 'read' = 'once') =>
  linkedInRefusal(effect)(answerOf(status, json)).kind;

describe('every row of the documents has its kind', () => {
  test.each([
    [400, body(400, 'VERSION_MISSING'), 'permission'],
    [426, body(426, 'NONEXISTENT_VERSION'), 'permission'],
    [400, body(400, 'MISSING_FIELD', input('MISSING_FIELD')), 'content'],
    [400, body(400, 'INVALID_URN_TYPE'), 'content'],
    [400, body(400, 'INVALID_URN_ID'), 'content'],
    [400, body(400, 'INVALID_VALUE_FOR_FIELD'), 'content'],
    [400, body(400, 'INVALID_VALUE_BLANK_FIELD'), 'content'],
    [400, body(400, 'FIELD_LENGTH_TOO_LONG'), 'content'],
    [400, body(400, 'INVALID_IMAGE_ID'), 'content'],
    [422, { status: 422, ...input('MEDIA_ASSET_WAITING_UPLOAD') }, 'media_processing'],
    [400, body(400, 'MEDIA_ASSET_PROCESSING'), 'media_processing'],
    [422, body(422, 'MEDIA_ASSET_PROCESSING_FAILED'), 'content'],
    [401, body(401, 'EMPTY_ACCESS_TOKEN'), 'auth_expired'],
    [401, body(401, 'EXPIRED_ACCESS_TOKEN'), 'auth_expired'],
    [401, body(401, 'INVALID_ACCESS_TOKEN'), 'auth_expired'],
    [401, body(401, 'REVOKED_ACCESS_TOKEN', { serviceErrorCode: 65_601 }), 'auth_revoked'],
    [401, { status: 401, serviceErrorCode: 65_601, message: 'm' }, 'auth_revoked'],
    [401, { status: 401, serviceErrorCode: 65_602, message: 'm' }, 'auth_expired'],
    [403, body(403, 'ACCESS_DENIED', { serviceErrorCode: 100 }), 'permission'],
    [404, body(404, 'NOT_FOUND'), 'not_found'],
    [409, body(409, 'CONFLICT'), 'ambiguous'],
    [400, 'Bad Request', 'content'],
    [400, body(400, 'constructor', input('toString')), 'content'],
    [401, 'Unauthorized', 'auth_expired'],
  ] as const)('%i %j: %s', (status, json, kind) => {
    expect(kindOf(status, json)).toBe(kind);
  });

  test('a conflict leaves nothing in doubt where nothing becomes visible', () => {
    expect(kindOf(409, body(409, 'CONFLICT'), 'read')).toBe('unavailable');
  });

  test('a duplicate says so, and names the post that is there', () => {
    const json = {
      errorDetailType: 'com.linkedin.common.error.BadRequest',
      message: 'BadRequestResponseException: Content is a duplicate of urn:li:share:7295588489876647936',
      ...input('DUPLICATE_POST'),
      status: 422,
    };
    expect(linkedInRefusal('once')(answerOf(422, json))).toMatchObject({
      kind: 'duplicate',
      platformCode: 'DUPLICATE_POST',
      reason: expect.stringContaining('urn:li:share:7295588489876647936'),
      duplicateOf: {
        platformPostId: 'urn:li:share:7295588489876647936',
        url: 'https://www.linkedin.com/feed/update/urn:li:share:7295588489876647936',
      },
    });
  });
});

test('a limit without a wait is that of the day, which ends at midnight UTC by LinkedIn’s own clock', () => {
  const json = body(429, 'TOO_MANY_REQUESTS');
  const date = { date: 'Sun, 22 Nov 2026 23:00:00 GMT' };
  expect(linkedInRefusal('once')(answerOf(429, json, date))).toMatchObject({ kind: 'quota', retryAfterMs: 3_600_000 });
  expect(linkedInRefusal('once')(answerOf(429, json))).toMatchObject({ kind: 'quota', retryAfterMs: 14 * 3_600_000 });
  const told = linkedInRefusal('once')(answerOf(429, json, { ...date, 'retry-after': '120' }));
  expect(told).toMatchObject({ kind: 'rate_limit', retryAfterMs: 120_000 });
});

test('where a token is asked for, a bad code or token means a dead grant, a bad application does not; no text is passed on', () => {
  const refusal = (status: number, error: string) =>
    linkedInGrantRefusal(answerOf(status, { error, error_description: 'the token abc' }));
  for (const code of ['invalid_grant', 'invalid_request', 'invalid_redirect_uri'])
    expect(refusal(400, code)).toEqual({ kind: 'auth_revoked', platformCode: code });
  for (const [status, code] of [
    [401, 'invalid_client'],
    [400, 'unauthorized_client'],
    [400, 'unsupported_grant_type'],
  ] as const)
    expect(refusal(status, code)).toEqual({ kind: 'permission', platformCode: code });
});
