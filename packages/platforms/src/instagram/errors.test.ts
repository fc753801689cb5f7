import { describe, expect, test } from 'vitest';
import { graphRefusal } from '../graph/errors.ts';
import { answerOf } from '../testing/test-platform.ts';
import { threadsKinds } from '../threads/errors.ts';
import { instagramKinds } from './errors.ts';

const kindOf = (kinds: typeof instagramKinds, code: number, subcode: number, effect: 'once' | 'idempotent') => {
  const error = { message: 'm', type: 'OAuthException', code, error_subcode: subcode, is_transient: false };
  return graphRefusal(effect, kinds)(answerOf(400, { error })).kind;
};

test('an account that is inactive or restricted is no fault of the post', () => {
  const answer = (subcode: number) =>
    answerOf(400, { error: { message: 'm', type: 'OAuthException', code: 25, error_subcode: subcode } });
  const refusal = graphRefusal('idempotent', instagramKinds);
  expect(refusal(answer(2_207_050))).toMatchObject({
    kind: 'policy',
    accountGone: expect.stringMatching(/restricted/u),
  });
  expect(refusal(answer(2_207_051))).not.toHaveProperty('accountGone');
});

describe('every row of the documents has its kind', () => {
  test.each([
    [-2, 2_207_003, 'unavailable'],
    [-2, 2_207_020, 'unavailable'],
    [-1, 2_207_001, 'unavailable'],
    [-1, 2_207_032, 'unavailable'],
    [-1, 2_207_053, 'unavailable'],
    [1, 2_207_057, 'content'],
    [4, 2_207_051, 'policy'],
    [9, 2_207_042, 'quota'],
    [24, 2_207_006, 'not_found'],
    [24, 2_207_008, 'media_processing'],
    [25, 2_207_050, 'policy'],
    [100, 2_207_023, 'content'],
    [100, 2_207_028, 'content'],
    [100, 2_207_035, 'content'],
    [100, 2_207_036, 'content'],
    [100, 2_207_037, 'content'],
    [100, 2_207_040, 'content'],
    [352, 2_207_026, 'content'],
    [9_004, 2_207_052, 'unavailable'],
    [9_007, 2_207_027, 'media_processing'],
    [36_000, 2_207_004, 'content'],
    [36_001, 2_207_005, 'content'],
    [36_003, 2_207_009, 'content'],
    [36_004, 2_207_010, 'content'],
    [190, 463, 'auth_expired'],
    [190, 460, 'auth_revoked'],
    [80_002, 0, 'rate_limit'],
  ] as const)('Instagram, %i/%i: %s', (code, subcode, kind) => {
    expect(kindOf(instagramKinds, code, subcode, 'idempotent')).toBe(kind);
    expect(kindOf(instagramKinds, code, subcode, 'once')).toBe(kind === 'unavailable' ? 'ambiguous' : kind);
  });

  test.each([
    [24, 4_279_009, 'media_processing'],
    [1, 2_207_052, 'unavailable'],
    [100, 4_279_071, 'content'],
    [4, 0, 'rate_limit'],
    [613, 0, 'rate_limit'],
    [190, 467, 'auth_expired'],
    [190, 458, 'auth_revoked'],
  ] as const)('Threads, %i/%i: %s', (code, subcode, kind) => {
    expect(kindOf(threadsKinds, code, subcode, 'idempotent')).toBe(kind);
  });
});
