import type { Transaction } from '@vibetribe/db/connect-database';
import { sessions } from '@vibetribe/db/schema/identity';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { DomainError } from '../domain-error.ts';
import type { AuthenticatedActor } from './authenticated-actor.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { lockUser } from './lock-user.ts';

/**
 * Ends the session the actor came with: its refresh tokens, access tokens and sockets.
 * @throws DomainError `forbidden` for an API key, which has no session
 */
export async function logOut(
  deps: Pick<IdentityDependencies, 'db' | 'revocations'>,
  actor: AuthenticatedActor,
): Promise<void> {
  const { credential } = actor;
  if (credential.kind !== 'session')
    throw new DomainError('forbidden', 'An API key has no session; revoke the key instead.');
  await deps.db.asIdentity((tx) => revokeFamily(tx, credential.familyId));
  deps.revocations.announce(credential);
}

export async function revokeFamily(tx: Transaction, familyId: string): Promise<void> {
  await lockUser(tx, { familyId });
  await tx
    .update(sessions)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(sessions.familyId, familyId), isNull(sessions.revokedAt)));
}

/** One revoked token ends its family. For statements on `sessions`. */
export function familyNotRevoked() {
  return sql`not exists (select 1 from sessions r where r.family_id = sessions.family_id and r.revoked_at is not null)`;
}
