import { createHash, randomBytes } from 'node:crypto';

/** A secret that means nothing by itself: the prefix and 256 random bits, base64url. Store only its hash. */
export function newOpaqueToken(prefix: string): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** SHA-256, hex. A slow hash would add nothing: the tokens have more entropy than can be guessed. Never for passwords. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
