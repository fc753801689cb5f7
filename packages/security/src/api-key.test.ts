import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apiKeyPattern, hashApiKey, isApiKeyShaped, newApiKey } from './api-key.ts';

test('a new key is recognised, by shape and by scanners in the middle of a text', () => {
  for (let count = 0; count < 100; count += 1) {
    const key = newApiKey();
    expect(isApiKeyShaped(key)).toBe(true);
    expect(apiKeyPattern.exec(`Authorization: Bearer ${key}"`)?.[0]).toBe(key);
  }
});

test('keys have at least 160 bits and use every base62 digit', () => {
  expect(Math.log2(62 ** 32)).toBeGreaterThan(160);
  const keys = Array.from({ length: 500 }, newApiKey);
  expect(new Set(keys).size).toBe(keys.length);
  expect(new Set(keys.flatMap((key) => key.slice(3, 35).split(''))).size).toBe(62);
});

test('one wrong letter anywhere is told without a database', () => {
  const key = newApiKey();
  fc.assert(
    fc.property(
      fc.nat({ max: key.length - 1 }),
      fc.constantFrom(...'0123456789ABCDEFabcdef_-'.split('')),
      (index, letter) => {
        fc.pre(key[index] !== letter);
        expect(isApiKeyShaped(key.slice(0, index) + letter + key.slice(index + 1))).toBe(false);
      },
    ),
  );
});

test.each([
  ['nothing', ''],
  ['the prefix alone', 'vt_'],
  ['a JWT', 'eyJhbGciOiJIUzI1NiJ9.e30.x'],
  ['a wrong checksum', `vt_${'0'.repeat(38)}`],
  ['a space before', ` ${newApiKey()}`],
  ['a letter more', `${newApiKey()}0`],
  [
    'a line break after',
    `${newApiKey()}
`,
  ],
])('%s is not a key', (_, text) => {
  expect(isApiKeyShaped(text)).toBe(false);
});

test('only a digest is stored', () => {
  const key = newApiKey();
  expect(hashApiKey(key)).toMatch(/^[0-9a-f]{64}$/);
  expect(hashApiKey(key)).toBe(hashApiKey(key));
  expect(hashApiKey(key)).not.toContain(key.slice(3, 10));
});
