import { expect, test } from 'vitest';
import { codeChallengeOf, newCodeVerifier } from './pkce.ts';

test('the challenge is that of the example in RFC 7636, appendix B', () => {
  expect(codeChallengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  );
});

test('a verifier has the length and letters of the RFC and is new each time', () => {
  const verifier = newCodeVerifier();
  expect(verifier).toMatch(/^[A-Za-z0-9._~-]{43,128}$/);
  expect(newCodeVerifier()).not.toBe(verifier);
});
