import type { OrganizationMembership } from '@vibetribe/contracts/auth';
import { memberships, organizations } from '@vibetribe/db/schema/identity';
import { asc, eq } from 'drizzle-orm';
import { notFound } from '../domain-error.ts';
import { requireRight } from './authorize.ts';
import type { AuthenticatedActor } from './authenticated-actor.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';

/** The user's organizations with the role in each; for an API key its own one. */
export async function listOrganizations(
  deps: Pick<IdentityDependencies, 'db'>,
  actor: AuthenticatedActor,
): Promise<OrganizationMembership[]> {
  requireRight(actor, 'organization:read');
  const { userId, credential } = actor;
  if (userId === null || credential.kind === 'key') return [await ownOrganization(deps, actor)];
  return deps.db.asIdentity((tx) =>
    tx
      .select({ id: organizations.id, name: organizations.name, role: memberships.role })
      .from(memberships)
      .innerJoin(organizations, eq(organizations.id, memberships.organizationId))
      .where(eq(memberships.userId, userId))
      .orderBy(asc(organizations.name), asc(organizations.id)),
  );
}

async function ownOrganization(
  deps: Pick<IdentityDependencies, 'db'>,
  { organizationId, role }: AuthenticatedActor,
): Promise<OrganizationMembership> {
  const [organization] = await deps.db.asTenant(organizationId, (tx) =>
    tx
      .select({ id: organizations.id, name: organizations.name })
      .from(organizations)
      .where(eq(organizations.id, organizationId)),
  );
  if (organization === undefined) throw notFound('organization');
  return { ...organization, role };
}
