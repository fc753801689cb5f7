import { expect, test } from 'vitest';
import { deriveKey } from './derive-key.ts';

const secret = 'a secret of at least 32 characters';

test('the same secret and purpose give the same 256-bit key in every process', () => {
  expect(deriveKey(secret, 'access-token')).toEqual(deriveKey(secret, 'access-token'));
  expect(deriveKey(secret, 'access-token')).toHaveLength(32);
});

test('another purpose or secret gives another key', () => {
  const key = deriveKey(secret, 'access-token');
  expect(deriveKey(secret, 'media-url')).not.toEqual(key);
  expect(deriveKey(`${secret}.`, 'access-token')).not.toEqual(key);
});

test('a short secret is refused without being shown', () => {
  expect(() => deriveKey('hunter2', 'access-token')).toThrow(/^AUTH_SECRET must have at least 32 characters$/);
});
