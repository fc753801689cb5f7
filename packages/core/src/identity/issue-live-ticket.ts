import { liveTickets } from '@vibetribe/db/schema/identity';
import { hashToken, newOpaqueToken } from '@vibetribe/security/opaque-token';
import { sql } from 'drizzle-orm';
import { requireRight } from './authorize.ts';
import type { AuthenticatedActor } from './authenticated-actor.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';

const ticketLifeSeconds = 30;

/** A secret for one WebSocket connection, bound to the credential it was asked with. `expiresIn` in seconds. */
export async function issueLiveTicket(
  deps: Pick<IdentityDependencies, 'db'>,
  actor: AuthenticatedActor,
): Promise<{ ticket: string; expiresIn: number }> {
  requireRight(actor, 'live:connect');
  const ticket = newOpaqueToken('vtt_');
  const { credential, organizationId, userId } = actor;
  await deps.db.asTenant(organizationId, (tx) =>
    tx.insert(liveTickets).values({
      tokenHash: hashToken(ticket),
      organizationId,
      userId,
      sessionFamilyId: credential.kind === 'session' ? credential.familyId : null,
      apiKeyId: credential.kind === 'key' ? credential.keyId : null,
      expiresAt: sql`now() + make_interval(secs => ${ticketLifeSeconds})`,
    }),
  );
  return { ticket, expiresIn: ticketLifeSeconds };
}
