import { liveTickets } from '@vibetribe/db/schema/identity';
import { hashToken } from '@vibetribe/security/opaque-token';
import { eq, sql } from 'drizzle-orm';
import type { Authenticator } from './authenticate.ts';
import type { AuthenticatedActor, Credential } from './authenticated-actor.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';

/** Uses up a ticket. Null if it is unknown, used or expired, or if what it was asked with has ended since. */
export async function redeemLiveTicket(
  deps: Pick<IdentityDependencies, 'db'> & { readonly authenticator: Pick<Authenticator, 'recheck'> },
  ticket: string,
): Promise<AuthenticatedActor | null> {
  const [used] = await deps.db.asIdentity((tx) =>
    tx
      .delete(liveTickets)
      .where(eq(liveTickets.tokenHash, hashToken(ticket)))
      .returning({
        organizationId: liveTickets.organizationId,
        familyId: liveTickets.sessionFamilyId,
        keyId: liveTickets.apiKeyId,
        isCurrent: sql<boolean>`${liveTickets.expiresAt} > now()`,
      }),
  );
  if (used === undefined || !used.isCurrent) return null;
  const credential = credentialOf(used);
  return credential === null ? null : deps.authenticator.recheck({ credential, organizationId: used.organizationId });
}

function credentialOf({ familyId, keyId }: { familyId: string | null; keyId: string | null }): Credential | null {
  if (familyId !== null) return { kind: 'session', familyId };
  return keyId === null ? null : { kind: 'key', keyId };
}
