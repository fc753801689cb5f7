import type { SignedIn, SwitchOrganization } from '@vibetribe/contracts/auth';
import { memberships, organizations, users } from '@vibetribe/db/schema/identity';
import { and, eq } from 'drizzle-orm';
import { DomainError, notFound } from '../domain-error.ts';
import type { AuthenticatedActor } from './authenticated-actor.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { openSession, signedIn } from './open-session.ts';

/**
 * Tokens for another organization of the same user, in the same session: signing out ends them all.
 * @throws DomainError `forbidden` for an API key, `not_found` where the user is not a member
 */
export async function switchOrganization(
  deps: Pick<IdentityDependencies, 'db' | 'accessTokens'>,
  actor: AuthenticatedActor,
  input: SwitchOrganization,
): Promise<SignedIn> {
  const { credential, userId } = actor;
  if (credential.kind !== 'session' || userId === null)
    throw new DomainError('forbidden', 'An API key belongs to one organization.');
  const opened = await deps.db.asIdentity(async (tx) => {
    const [found] = await tx
      .select({
        role: memberships.role,
        organization: { id: organizations.id, name: organizations.name },
        user: { id: users.id, email: users.email, name: users.name },
      })
      .from(memberships)
      .innerJoin(organizations, eq(organizations.id, memberships.organizationId))
      .innerJoin(users, eq(users.id, memberships.userId))
      .where(and(eq(memberships.userId, userId), eq(memberships.organizationId, input.organizationId)));
    if (found === undefined) throw notFound('organization');
    const session = await openSession(tx, {
      userId,
      organizationId: found.organization.id,
      familyId: credential.familyId,
    });
    return { session, ...found };
  });
  return signedIn(deps, opened);
}
