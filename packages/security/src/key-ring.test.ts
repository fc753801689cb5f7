import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeyRing, type SecretContext } from './key-ring.ts';
import { SecretUnreadableError } from './secret-unreadable-error.ts';

const oldEntry = `old:${randomBytes(32).toString('base64')}`;
const newEntry = `new:${randomBytes(32).toString('base64')}`;
const ring = createKeyRing(newEntry);
const home: SecretContext = { organizationId: 'org-1', table: 'accounts', rowId: 'row-1', column: 'credentials' };

const texts = fc.string({ unit: 'binary' });
const names = fc.string({ maxLength: 12 });
const contexts: fc.Arbitrary<SecretContext> = fc.record({
  organizationId: names,
  table: names,
  rowId: names,
  column: names,
});

test('what was sealed opens to the same text in the same place', () => {
  fc.assert(
    fc.property(texts, contexts, (text, context) => {
      expect(ring.open(ring.seal(text, context), context)).toBe(text);
    }),
  );
});

test('the sealed form carries the key id, a 96-bit nonce and a 128-bit tag', () => {
  const [prefix, version, keyId, nonce = '', body = ''] = ring.seal('four', home).split(':');
  expect([prefix, version, keyId]).toEqual(['enc', 'v1', 'new']);
  expect(Buffer.from(nonce, 'base64url')).toHaveLength(12);
  expect(Buffer.from(body, 'base64url')).toHaveLength(4 + 16);
});

describe('a ciphertext does not open', () => {
  test('in any other place, not even one whose parts join to the same letters', () => {
    fc.assert(
      fc.property(contexts, contexts, (here, there) => {
        fc.pre(JSON.stringify(Object.values(here)) !== JSON.stringify(Object.values(there)));
        expect(reasonOf(() => ring.open(ring.seal('secret', here), there))).toBe('altered_or_moved');
      }),
    );
    const sealed = ring.seal('secret', { ...home, table: 'ab', rowId: 'c' });
    expect(reasonOf(() => ring.open(sealed, { ...home, table: 'a', rowId: 'bc' }))).toBe('altered_or_moved');
  });

  test.each(['organizationId', 'table', 'rowId', 'column'] as const)('with another %s', (part) => {
    expect(reasonOf(() => ring.open(ring.seal('secret', home), { ...home, [part]: 'other' }))).toBe('altered_or_moved');
  });

  test('after any one bit of it was flipped', () => {
    const sealed = Buffer.from(ring.seal('a token', home), 'latin1');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const flipped = Buffer.from(sealed);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(reasonOf(() => ring.open(flipped.toString('latin1'), home))).toBeTypeOf('string');
    }
  });

  test('in another spelling of the same bytes', () => {
    const sealed = ring.seal('a token', home);
    for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_='.split('')) {
      if (sealed.endsWith(letter)) continue;
      expect(reasonOf(() => ring.open(sealed.slice(0, -1) + letter, home))).toBeTypeOf('string');
    }
  });

  test('with a truncated tag', () => {
    const [prefix, version, keyId, nonce = '', body = ''] = ring.seal('', home).split(':');
    const tag = Buffer.from(body, 'base64url');
    for (let length = 0; length < 16; length += 1) {
      const short = [prefix, version, keyId, nonce, tag.subarray(0, length).toString('base64url')].join(':');
      expect(reasonOf(() => ring.open(short, home))).toBe('malformed');
    }
  });

  test('under a key that is not on the ring, or is there under another id', () => {
    const sealed = ring.seal('secret', home);
    expect(reasonOf(() => createKeyRing(oldEntry).open(sealed, home))).toBe('unknown_key');
    const renamed = createKeyRing(`${newEntry},${newEntry.replace('new:', 'alias:')}`);
    expect(reasonOf(() => renamed.open(sealed.replace(':new:', ':alias:'), home))).toBe('altered_or_moved');
  });

  test.each([
    '',
    'plain text',
    'enc:v1:new',
    'enc:v2:new:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAA',
    'enc:v1:new:AAAA:AAAAAAAAAAAAAAAAAAAAAA',
  ])('if it is not one: %s', (text) => {
    expect(reasonOf(() => ring.open(text, home))).toBe('malformed');
    expect(reasonOf(() => ring.keyIdOf(text))).toBe('malformed');
  });
});

test('the error holds neither the text nor the ciphertext', () => {
  const sealed = ring.seal('correct horse battery', home);
  const error = errorOf(() => ring.open(sealed, { ...home, rowId: 'other' }));
  const told = JSON.stringify([error.message, error.stack, error.keyId, String(error.cause)]);
  for (const piece of ['correct horse', ...sealed.split(':').slice(3)]) expect(told).not.toContain(piece);
});

test('no nonce comes twice in 100,000 secrets', { timeout: 60_000 }, () => {
  const nonces = new Set<string | undefined>();
  for (let count = 0; count < 100_000; count += 1) nonces.add(ring.seal('', home).split(':')[3]);
  expect(nonces.size).toBe(100_000);
});

test('after a rotation the old key still reads, the new one writes, and what is left to rewrap can be told', () => {
  const sealedBefore = createKeyRing(oldEntry).seal('secret', home);
  const rotated = createKeyRing(`${newEntry},${oldEntry}`);
  expect(rotated.open(sealedBefore, home)).toBe('secret');
  expect(rotated.keyIdOf(sealedBefore)).toBe('old');
  expect(rotated.needsRewrap(sealedBefore)).toBe(true);
  const rewrapped = rotated.seal(rotated.open(sealedBefore, home), home);
  expect(rotated.needsRewrap(rewrapped)).toBe(false);
  expect(createKeyRing(newEntry).open(rewrapped, home)).toBe('secret');
});

function reasonOf(act: () => unknown): string {
  return errorOf(act).reason;
}

function errorOf(act: () => unknown): SecretUnreadableError {
  try {
    act();
  } catch (error) {
    if (error instanceof SecretUnreadableError) return error;
    throw error;
  }
  throw new Error('expected the secret to be unreadable');
}
