import { hkdfSync } from 'node:crypto';

const secretCharactersMin = 32;

/**
 * A 256-bit key for one purpose from the one secret (`AUTH_SECRET`), by HKDF-SHA-256: keys of different purposes tell nothing of each other.
 * @param purpose a label used for nothing else, such as `access-token`
 * @throws RangeError if the secret has fewer than 32 characters
 */
export function deriveKey(secret: string, purpose: string): Buffer {
  if (secret.length < secretCharactersMin)
    throw new RangeError(`AUTH_SECRET must have at least ${secretCharactersMin} characters`);
  return Buffer.from(hkdfSync('sha256', secret, 'vibetribe', `vibetribe/v1/${purpose}`, 32));
}
