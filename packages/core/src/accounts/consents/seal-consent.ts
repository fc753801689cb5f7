import type { ServerRules } from '@vibetribe/platforms/port/account';
import type { ConnectedGrant } from '@vibetribe/platforms/port/connect';
import type { KeyRing, SecretContext } from '@vibetribe/security/key-ring';
import { z } from 'zod';
import { StoredCredentials } from '../grants/seal-credentials.ts';

interface ConsentKey {
  readonly id: string;
  readonly organizationId: string;
}

const StoredGrant = z.object({
  credentials: StoredCredentials,
  service: z.string().nullable(),
  grantedBy: z.string().exactOptional(),
  accounts: z.array(
    z.object({
      externalId: z.string(),
      handle: z.string(),
      displayName: z.string(),
      serverRules: z.custom<ServerRules>((value) => typeof value === 'object').exactOptional(),
    }),
  ),
});

export function sealConsent(keyRing: Pick<KeyRing, 'seal'>, consent: ConsentKey, connected: ConnectedGrant): string {
  return keyRing.seal(JSON.stringify(connected), contextOf(consent));
}

/** @throws SecretUnreadableError where the ciphertext is another row's, altered, or under a key that is gone */
export function openConsent(keyRing: Pick<KeyRing, 'open'>, consent: ConsentKey, sealed: string): ConnectedGrant {
  return StoredGrant.parse(JSON.parse(keyRing.open(sealed, contextOf(consent))));
}

function contextOf({ id, organizationId }: ConsentKey): SecretContext {
  return { organizationId, table: 'consents', rowId: id, column: 'grant_sealed' };
}
