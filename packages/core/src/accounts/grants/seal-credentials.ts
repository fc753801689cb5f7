import type { Credentials } from '@vibetribe/platforms/port/connect';
import type { KeyRing, SecretContext } from '@vibetribe/security/key-ring';
import { z } from 'zod';

interface GrantKey {
  readonly id: string;
  readonly organizationId: string;
}

export const StoredCredentials = z.object({
  accessToken: z.string(),
  accountTokens: z.record(z.string(), z.string()).exactOptional(),
  refreshToken: z.string().exactOptional(),
  appPassword: z.string().exactOptional(),
  details: z.record(z.string(), z.string()).exactOptional(),
  issuedAt: z.string().exactOptional(),
  expiresAt: z.string().exactOptional(),
  scopes: z.array(z.string()),
});

/** The one form in which credentials are stored, bound to their grant's row. */
export function sealCredentials(keyRing: Pick<KeyRing, 'seal'>, grant: GrantKey, credentials: Credentials): string {
  return keyRing.seal(JSON.stringify(credentials), contextOf(grant));
}

/** @throws SecretUnreadableError where the ciphertext is another row's, altered, or under a key that is gone */
export function openCredentials(keyRing: Pick<KeyRing, 'open'>, grant: GrantKey, sealed: string): Credentials {
  return StoredCredentials.parse(JSON.parse(keyRing.open(sealed, contextOf(grant))));
}

function contextOf({ id, organizationId }: GrantKey): SecretContext {
  return { organizationId, table: 'grants', rowId: id, column: 'credentials' };
}
