import { describe, expect, test } from 'vitest';
import { answerOf } from '../testing/test-platform.ts';
import { graphGrantRefusal, graphRefusal } from './errors.ts';

const error = (code: number, subcode?: number, more: object = {}) => ({
  error: {
    message: 'm',
    type: 'OAuthException',
    code,
    ...(subcode === undefined ? {} : { error_subcode: subcode }),
    ...more,
  },
});
const kindOf = (json: unknown, effect: 'once' | 'read' = 'read', status = 400) =>
  graphRefusal(effect)(answerOf(status, json)).kind;

test('a page whose person is no admin any more is lost alone: the others of the grant go on', () => {
  expect(graphRefusal('once')(answerOf(400, error(190, 492))).accountGone).toMatch(/no longer run by/u);
  expect(graphRefusal('once')(answerOf(400, error(190, 460))).accountGone).toBeUndefined();
});

test.each([
  [368, undefined, 'is blocked there for a while'],
  [368, 1_234_567, 'is blocked there for a while'],
  [368, 1_404_112, 'is limited there for some days'],
  [368, 1_404_006, 'has to pass a security check there'],
  [368, 1_404_078, 'has to be authorized to publish there'],
  [1, 4_854_002, 'has to confirm its identity there'],
  [368, 1_346_003, undefined],
  [368, 1_390_008, undefined],
  [368, 1_404_102, undefined],
])('%s/%s: the account is held back, unless the post is what is refused', (code, subcode, accountGone) => {
  expect(graphRefusal('once')(answerOf(400, error(code, subcode))).accountGone).toBe(accountGone);
});

describe('the code decides, whatever the status', () => {
  test.each([
    [190, 463, 'auth_expired'],
    [190, 467, 'auth_expired'],
    [190, undefined, 'auth_expired'],
    [190, 458, 'auth_revoked'],
    [190, 460, 'auth_revoked'],
    [190, 459, 'auth_revoked'],
    [190, 464, 'auth_revoked'],
    [190, 492, 'auth_revoked'],
    [102, undefined, 'auth_expired'],
    [4, undefined, 'rate_limit'],
    [17, undefined, 'rate_limit'],
    [32, undefined, 'rate_limit'],
    [613, undefined, 'rate_limit'],
    [341, undefined, 'rate_limit'],
    [80_001, undefined, 'rate_limit'],
    [80_002, undefined, 'rate_limit'],
    [3, undefined, 'permission'],
    [10, undefined, 'permission'],
    [200, undefined, 'permission'],
    [299, undefined, 'permission'],
    [100, undefined, 'content'],
    [100, 33, 'not_found'],
    [368, undefined, 'policy'],
    [368, 1_390_008, 'rate_limit'],
    [506, 1_455_006, 'duplicate'],
    [1_609_005, undefined, 'content'],
    [100, 1_366_046, 'content'],
    [100, 1_404_102, 'policy'],
    [100, 1_366_051, 'duplicate'],
    [368, 1_346_003, 'policy'],
    [368, 1_404_006, 'policy'],
    [368, 1_404_078, 'policy'],
    [368, 1_404_112, 'policy'],
    [1, 4_854_002, 'policy'],
    [1, 1_349_125, 'content'],
    [1, 1_609_008, 'content'],
    [1, 2_061_006, 'content'],
    [1, 2_069_019, 'content'],
    [1, 1_363_047, 'unavailable'],
    [1, 1_609_010, 'unavailable'],
    [6_000, 1_363_030, 'unavailable'],
    [987_654, undefined, 'content'],
  ] as const)('%i/%s: %s', (code, subcode, kind) => {
    for (const status of [400, 401, 403, 404]) expect(kindOf(error(code, subcode), 'read', status)).toBe(kind);
  });
});

test.each([error(1), error(2), error(987_654, undefined, { is_transient: true }), error(1, 99)])(
  'a fault of the platform’s own under a 400 is doubt on a send, and nothing else elsewhere: %j',
  (json) => {
    expect(kindOf(json, 'once')).toBe('ambiguous');
    expect(kindOf(json, 'read')).toBe('unavailable');
  },
);

test('the wait is told in minutes, by object; the longest one counts', () => {
  const usage = {
    '1': [{ type: 'pages', call_count: 100, total_cputime: 1, total_time: 1, estimated_time_to_regain_access: 3 }],
    '2': [{ type: 'pages', call_count: 10, total_cputime: 1, total_time: 1, estimated_time_to_regain_access: 7 }],
  };
  const headers = { 'x-business-use-case-usage': JSON.stringify(usage) };
  expect(graphRefusal('once')(answerOf(400, error(80_001), headers))).toMatchObject({
    kind: 'rate_limit',
    platformCode: '80001',
    retryAfterMs: 420_000,
  });
  for (const broken of ['', '[]', '{"1":[{"estimated_time_to_regain_access":"soon"}]}', '{"1":'])
    expect(
      graphRefusal('once')(answerOf(400, error(4), { 'x-business-use-case-usage': broken })).retryAfterMs,
    ).toBeNull();
});

test('what a person may read goes first, and an answer without the envelope is judged by its status', () => {
  const json = error(100, 5, { error_user_msg: 'Please choose another picture' });
  expect(graphRefusal('once')(answerOf(400, json))).toMatchObject({
    platformCode: '100/5',
    reason: 'Please choose another picture',
  });
  expect(graphRefusal('once')(answerOf(403, 'Forbidden'))).toMatchObject({
    kind: 'permission',
    platformCode: 'http_403',
  });
});

describe('where a token is asked for', () => {
  const grantKindOf = (json: unknown) => graphGrantRefusal(answerOf(400, json)).kind;

  test('whatever is wrong with the token or the code means that the grant is dead', () => {
    for (const json of [error(190, 463), error(190), error(102), error(100, 36_009), error(100, 36_008)])
      expect(grantKindOf(json)).toBe('auth_revoked');
  });

  test('a wrong secret of ours, a limit or a fault of the platform’s does not', () => {
    expect(grantKindOf(error(1))).toBe('permission');
    expect(grantKindOf(error(101))).toBe('permission');
    expect(grantKindOf(error(4))).toBe('rate_limit');
    expect(grantKindOf(error(2))).toBe('unavailable');
  });

  test('no text of the platform is passed on: it may hold the token', () => {
    expect(graphGrantRefusal(answerOf(400, error(190)))).not.toHaveProperty('reason');
  });
});
