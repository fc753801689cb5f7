import { expect, test } from 'vitest';
import { hashToken, newOpaqueToken } from './opaque-token.ts';

test('a token has its prefix and 256 random bits', () => {
  const token = newOpaqueToken('vtr_');
  expect(token).toMatch(/^vtr_[A-Za-z0-9_-]{43}$/);
  expect(newOpaqueToken('vtr_')).not.toBe(token);
});

test('the stored form is the SHA-256 of the token', () => {
  expect(hashToken('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
