import { expect, test } from 'vitest';
import { failureOf, tiktokRefusal } from './errors.ts';

test('a creator who is banned from posting is told as such, not each of the posts', () => {
  const json = { error: { code: 'spam_risk_user_banned_from_posting', message: 'no' } };
  expect(tiktokRefusal({ status: 403, headers: {}, json } as never)).toMatchObject({
    kind: 'policy',
    accountGone: 'is banned from posting',
  });
});

test('codes that every object has are codes that nobody knows', () => {
  for (const code of ['constructor', 'toString', '__proto__']) {
    const json = { error: { code, message: 'no' } };
    expect(tiktokRefusal({ status: 400, headers: {}, json } as never)).toMatchObject({ kind: 'content', reason: 'no' });
    expect(failureOf(code).kind).toBe('content');
  }
});
