import type { AddMember, Member } from '@vibetribe/contracts/member';
import { newId } from '@vibetribe/db/new-id';
import { memberships, users } from '@vibetribe/db/schema/identity';
import type { Actor } from '../actor.ts';
import { DomainError } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import type { IdentityDependencies } from '../identity/identity-dependencies.ts';
import { requireReach } from './owners.ts';

/**
 * Makes a user who belongs to this organization alone. Whoever has a user already is invited, and decides.
 * @throws DomainError `forbidden`, `email_taken`
 */
export async function addMember(
  deps: Pick<IdentityDependencies, 'db' | 'passwords'>,
  actor: Actor,
  { email, name, password, role }: AddMember,
): Promise<Member> {
  requireRight(actor, 'members:manage');
  requireReach(actor.role, role);
  const { organizationId } = actor;
  const passwordHash = await deps.passwords.hash(password);
  return deps.db.asIdentity(async (tx) => {
    const [user] = await tx
      .insert(users)
      .values({ id: newId('user'), email, name, passwordHash, lastOrganizationId: organizationId })
      .onConflictDoNothing()
      .returning({ userId: users.id, email: users.email, name: users.name });
    if (user === undefined)
      throw new DomainError('email_taken', 'There is a user with this email address already: send an invitation.');
    const [joined] = await tx
      .insert(memberships)
      .values({ organizationId, userId: user.userId, role })
      .returning({ joinedAt: memberships.createdAt });
    if (joined === undefined) throw new Error('the insert of a membership returned no row');
    return { ...user, role, joinedAt: joined.joinedAt.toISOString() };
  });
}
