import { randomBytes } from 'node:crypto';

/** An unguessable string, safe in addresses and headers. */
export function randomSecret(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}
