import { createHash, randomBytes } from 'node:crypto';

/** A PKCE verifier of 256 random bits, 43 characters (RFC 7636, 4.1). */
export function newCodeVerifier(): string {
  return randomBytes(32).toString('base64url');
}

/** The S256 challenge of a verifier (RFC 7636, 4.2). */
export function codeChallengeOf(codeVerifier: string): string {
  return createHash('sha256').update(codeVerifier, 'ascii').digest('base64url');
}
