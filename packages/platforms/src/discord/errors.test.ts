import { describe, expect, test } from 'vitest';
import { answerOf } from '../testing/test-platform.ts';
import { discordRefusal } from './errors.ts';

test.each([
  [401, { message: '401: Unauthorized', code: 0 }, 'auth_revoked', 'http_401'],
  [401, { message: 'Unauthorized', code: 40_001 }, 'auth_revoked', '40001'],
  [403, { message: 'Missing Access', code: 50_001 }, 'permission', '50001'],
  [403, { message: 'Missing Permissions', code: 50_013 }, 'permission', '50013'],
  [400, { message: 'Cannot send messages in a non-text channel', code: 50_008 }, 'permission', '50008'],
  [404, { message: 'Unknown Channel', code: 10_003 }, 'not_found', '10003'],
  [404, { message: '404: Not Found', code: 0 }, 'not_found', 'http_404'],
  [400, { message: 'Cannot send an empty message', code: 50_006 }, 'content', '50006'],
  [413, { message: 'Request entity too large', code: 40_005 }, 'content', '40005'],
  [400, { message: 'Message was blocked by automatic moderation', code: 200_000 }, 'policy', '200000'],
  [429, { message: 'This action cannot be performed due to slowmode rate limit', code: 20_016 }, 'rate_limit', '20016'],
  [403, '<html>', 'permission', 'http_403'],
  [400, { code: 'not a number', message: 7 }, 'content', 'http_400'],
])('%i %j is %s, under the code %s', (status, json, kind, platformCode) => {
  expect(discordRefusal(answerOf(status, json))).toMatchObject({ kind, platformCode });
});

test.each([10_003, 10_004])('a channel or server that is gone (%i) is told as such', (code) => {
  expect(discordRefusal(answerOf(404, { message: 'Unknown', code }))).toMatchObject({
    kind: 'not_found',
    accountGone: 'does not exist any more',
  });
  expect(discordRefusal(answerOf(404, { message: 'Unknown Message', code: 10_008 }))).not.toHaveProperty('accountGone');
});

describe('the reason', () => {
  test('of an invalid form is its first fault, by field', () => {
    const fault = { code: 'BASE_TYPE_MAX_LENGTH', message: 'Must be 2000 or fewer in length.' };
    const errors = { embeds: { 0: { title: {} } }, content: { _errors: [fault] } };
    expect(discordRefusal(answerOf(400, { code: 50_035, message: 'Invalid Form Body', errors }))).toMatchObject({
      kind: 'content',
      reason: 'content: Must be 2000 or fewer in length.',
    });
  });

  test('is the message where no field is named, or faults lie deeper than forms do', () => {
    let errors: object = { _errors: [{ message: 'deep' }] };
    for (let depth = 0; depth < 10_000; depth += 1) errors = { a: errors };
    expect(discordRefusal(answerOf(400, { message: 'Invalid Form Body', errors })).reason).toBe('Invalid Form Body');
    expect(discordRefusal(answerOf(403, { message: 'Missing Access', code: 50_001 })).reason).toBe('Missing Access');
  });
});

describe('the wait of a rate limit', () => {
  const waitOf = (json: unknown, headers = {}) => discordRefusal(answerOf(429, json, headers)).retryAfterMs;

  test('is told in fractions of a second', () => {
    expect(waitOf({ retry_after: 0.6501, global: false })).toBe(651);
  });

  test('is the longer one where body and header differ', () => {
    expect(waitOf({ retry_after: 64.57 }, { 'retry-after': '65' })).toBe(65_000);
    expect(waitOf({ retry_after: 65.5 }, { 'retry-after': '65' })).toBe(65_500);
  });

  test('is that of the header where something in front of Discord answers', () => {
    expect(waitOf('<html>', { 'retry-after': '3600' })).toBe(3_600_000);
    expect(waitOf('<html>')).toBeNull();
  });

  test('says whether the whole bot has to wait', () => {
    const answer = answerOf(429, { message: 'You are being rate limited.', retry_after: 1, global: true });
    expect(discordRefusal(answer)).toMatchObject({ kind: 'rate_limit', platformCode: 'http_429/global' });
  });
});
