import type { ChangeRole, Member } from '@vibetribe/contracts/member';
import { memberships, users } from '@vibetribe/db/schema/identity';
import { and, eq } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { notFound } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import type { IdentityDependencies } from '../identity/identity-dependencies.ts';
import { endInvitationsOf } from './end-invitations.ts';
import { lockMember, requireAnotherOwner, requireReach } from './owners.ts';

/**
 * Gives a member another role, for every session, key and socket at once. Ownership is handed over by making somebody an owner.
 * @throws DomainError `forbidden`, `not_found`, `conflict` for the last owner
 */
export async function changeRole(
  deps: Pick<IdentityDependencies, 'db' | 'revocations'>,
  actor: Actor,
  { userId, role }: { readonly userId: string } & ChangeRole,
): Promise<Member> {
  requireRight(actor, 'members:manage');
  const { organizationId } = actor;
  const isMember = and(eq(memberships.organizationId, organizationId), eq(memberships.userId, userId));
  const member = await deps.db.asTenant(organizationId, async (tx) => {
    const before = await lockMember(tx, { organizationId, userId });
    requireReach(actor.role, before.role, role);
    requireAnotherOwner(before.isLastOwner && role !== 'owner');
    const [changed] = await tx
      .update(memberships)
      .set({ role })
      .where(isMember)
      .returning({ joinedAt: memberships.createdAt });
    await endInvitationsOf(tx, { organizationId, userId }, role);
    const [user] = await tx.select({ email: users.email, name: users.name }).from(users).where(eq(users.id, userId));
    if (changed === undefined || user === undefined) throw notFound('member');
    return { userId, ...user, role, joinedAt: changed.joinedAt.toISOString() };
  });
  deps.revocations.memberChanged({ organizationId, userId });
  return member;
}
