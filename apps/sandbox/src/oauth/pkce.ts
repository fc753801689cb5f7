import { createHash } from 'node:crypto';

export type PkceChallenge = { value: string; method: 'S256' | 'plain' };

/** RFC 7636, section 4.6. */
export function verifierMatches(challenge: PkceChallenge, verifier: string): boolean {
  const derived = challenge.method === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url');
  return derived === challenge.value;
}
