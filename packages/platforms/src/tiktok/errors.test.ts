import { expect, test } from 'vitest';
import { failureOf, tiktokRefusal } from './errors.ts';

test('codes that every object has are codes that nobody knows', () => {
  for (const code of ['constructor', 'toString', '__proto__']) {
    const json = { error: { code, message: 'no' } };
    expect(tiktokRefusal({ status: 400, headers: {}, json } as never)).toMatchObject({ kind: 'content', reason: 'no' });
    expect(failureOf(code).kind).toBe('content');
  }
});
