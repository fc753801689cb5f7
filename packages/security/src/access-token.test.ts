import { SignJWT, UnsecuredJWT, decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, test } from 'vitest';
import { createAccessTokens } from './access-token.ts';
import { deriveKey } from './derive-key.ts';

const secret = 'a secret of at least 32 characters';
const issuer = 'https://posts.example';
const start = new Date('2026-11-22T09:00:00Z');
const claims = { userId: 'u1', organizationId: 'o1', sessionId: 's1', role: 'editor' };
const tokens = createAccessTokens({ secret, issuer, now: () => start });
const at = (offsetSeconds: number) =>
  createAccessTokens({ secret, issuer, now: () => new Date(start.getTime() + offsetSeconds * 1000) });

test('a token gives back its claims until it expires', async () => {
  const token = await tokens.sign(claims);
  expect(await tokens.verify(token)).toEqual(claims);
  expect(await at(599).verify(token)).toEqual(claims);
  expect(await at(600).verify(token)).toBeNull();
});

test('no secret but the signature is in it, and the default life is ten minutes', async () => {
  const token = await tokens.sign(claims);
  const issuedAtSeconds = start.getTime() / 1000;
  expect(decodeJwt(token)).toEqual({
    iss: issuer,
    aud: 'vibetribe-api',
    sub: 'u1',
    org: 'o1',
    sid: 's1',
    role: 'editor',
    iat: issuedAtSeconds,
    exp: issuedAtSeconds + 600,
  });
});

describe('refused', () => {
  const header = async () => {
    const { kid = '' } = decodeProtectedHeader(await tokens.sign(claims));
    return { alg: 'HS256', typ: 'at+jwt', kid };
  };
  const payload = {
    iss: issuer,
    aud: 'vibetribe-api',
    sub: 'u1',
    org: 'o1',
    sid: 's1',
    role: 'owner',
    iat: 1,
    exp: start.getTime() / 1000 + 60,
  };
  const forge = async (changed: { header?: object; payload?: object; key?: Uint8Array }) =>
    new SignJWT({ ...payload, ...changed.payload })
      .setProtectedHeader({ ...(await header()), ...changed.header })
      .sign(changed.key ?? deriveKey(secret, 'access-token'));

  test('the forgery itself is sound: unchanged, it is accepted', async () => {
    expect(await tokens.verify(await forge({}))).toMatchObject({ role: 'owner' });
  });

  test.each([
    ['another type', { header: { typ: 'JWT' } }],
    ['another key id', { header: { kid: 'elsewhere' } }],
    ['another issuer', { payload: { iss: 'https://evil.example' } }],
    ['another audience', { payload: { aud: 'somebody-else' } }],
    ['no expiry', { payload: { exp: undefined } }],
    ['no subject', { payload: { sub: undefined } }],
    ['no session', { payload: { sid: undefined } }],
    ['an organization that is not a text', { payload: { org: { id: 'o1' } } }],
    ['another algorithm under the same key', { header: { alg: 'HS512' } }],
    ['a key of another purpose', { key: deriveKey(secret, 'media-url') }],
    ['the secret itself as the key', { key: new TextEncoder().encode(secret) }],
  ])('%s', async (_, changed) => {
    expect(await tokens.verify(await forge(changed))).toBeNull();
  });

  test('an unsigned token', async () => {
    expect(await tokens.verify(new UnsecuredJWT(payload).encode())).toBeNull();
  });

  test('any change of a letter', async () => {
    const token = await tokens.sign(claims);
    for (let index = 0; index < token.length - 1; index += 7) {
      const other = token[index] === 'A' ? 'B' : 'A';
      expect(await tokens.verify(token.slice(0, index) + other + token.slice(index + 1))).toBeNull();
    }
  });

  test.each(['', 'x', 'a.b.c', 'vt_0000', '..'])('what is not a token: "%s"', async (text) => {
    expect(await tokens.verify(text)).toBeNull();
  });

  test('a token from before the secret was changed', async () => {
    const changed = createAccessTokens({ secret: `${secret}, changed`, issuer, now: () => start });
    expect(await changed.verify(await tokens.sign(claims))).toBeNull();
  });
});
