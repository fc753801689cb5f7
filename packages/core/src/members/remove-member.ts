import { apiKeys, memberships } from '@vibetribe/db/schema/identity';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { DomainError } from '../domain-error.ts';
import type { AuthenticatedActor } from '../identity/authenticated-actor.ts';
import { requireRight } from '../identity/authorize.ts';
import type { IdentityDependencies } from '../identity/identity-dependencies.ts';
import { endInvitationsOf } from './end-invitations.ts';
import { lockMember, requireAnotherOwner, requireReach } from './owners.ts';

/**
 * Ends a membership: everybody may leave, others are removed by an admin. The keys that they made end with it, and so do their sockets
 * and what their sessions may do here.
 * @throws DomainError `forbidden`, `not_found`, `conflict` for the last owner
 */
export async function removeMember(
  deps: Pick<IdentityDependencies, 'db' | 'revocations'>,
  actor: AuthenticatedActor,
  { userId }: { readonly userId: string },
): Promise<void> {
  const isLeaving = actor.userId === userId;
  if (!isLeaving) requireRight(actor, 'members:manage');
  else if (actor.credential.kind !== 'session')
    throw new DomainError('forbidden', 'Leaving is for a person who is signed in, not for a key.');
  const { organizationId } = actor;
  await deps.db.asTenant(organizationId, async (tx) => {
    const { role, isLastOwner } = await lockMember(tx, { organizationId, userId });
    if (!isLeaving) requireReach(actor.role, role);
    requireAnotherOwner(isLastOwner);
    await tx
      .delete(memberships)
      .where(and(eq(memberships.organizationId, organizationId), eq(memberships.userId, userId)));
    await endInvitationsOf(tx, { organizationId, userId }, null);
    // For good: they do not come back with whoever made them.
    await tx
      .update(apiKeys)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(apiKeys.organizationId, organizationId), eq(apiKeys.userId, userId), isNull(apiKeys.revokedAt)));
  });
  deps.revocations.memberChanged({ organizationId, userId });
}
