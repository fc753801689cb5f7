import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseEncryptionKeys } from './parse-encryption-keys.ts';

const newKey = (bytes = 32) => randomBytes(bytes).toString('base64');

test('the first key writes, every key reads', () => {
  const [first, second] = [newKey(), newKey()];
  const { writingKeyId, keys } = parseEncryptionKeys(`k2:${first}, k1:${second}`);
  expect(writingKeyId).toBe('k2');
  expect([...keys].map(([id, key]) => [id, key.toString('base64')])).toEqual([
    ['k2', first],
    ['k1', second],
  ]);
});

test('base64url and missing padding are understood', () => {
  const key = randomBytes(32);
  expect(parseEncryptionKeys(`k:${key.toString('base64url')}`).keys.get('k')).toEqual(key);
});

test.each([
  ['nothing', '', 'entry 1 does not have the form'],
  ['an empty entry', `k1:${newKey()},`, 'entry 2 does not have the form'],
  ['no id', newKey(), 'entry 1 does not have the form'],
  ['key and id swapped', `${newKey()}:k1`, 'entry 1 does not have the form'],
  ['an id with a colon in the wrong place', `:${newKey()}`, 'entry 1 does not have the form'],
  ['a short key', `k1:${newKey()},k2:${newKey(16)}`, 'entry 2 (k2) holds 16 bytes instead of 32'],
  ['a long key', `k1:${newKey(33)}`, 'entry 1 (k1) holds 33 bytes instead of 32'],
  ['an empty key', 'k1:', 'entry 1 (k1) holds 0 bytes instead of 32'],
  ['letters that are not base64', `k1:${newKey().slice(0, -4)}!?!?`, 'entry 1 (k1) is not valid base64'],
  ['a repeated id', `k1:${newKey()},k1:${newKey()}`, 'entry 2 repeats the id "k1"'],
])('%s is refused: the entry is named, no part of a key is shown', (_, spec, message) => {
  const error = faultOf(spec);
  expect(error).toContain(`ENCRYPTION_KEYS: ${message}`);
  for (const piece of spec.match(/[A-Za-z0-9+/=!?]{10,}/g) ?? []) expect(error).not.toContain(piece.slice(0, 6));
});

function faultOf(spec: string): string {
  try {
    parseEncryptionKeys(spec);
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
  throw new Error('expected a refusal');
}
