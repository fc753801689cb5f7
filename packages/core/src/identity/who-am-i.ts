import { ApiKeyScope, type Me } from '@vibetribe/contracts/auth';
import { organizations, users } from '@vibetribe/db/schema/identity';
import { eq } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { notFound } from '../domain-error.ts';
import { requireRight, roleReaches } from './authorize.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';

/** The actor as a person would describe it. @throws DomainError `not_found` if the organization is gone */
export async function whoAmI(deps: Pick<IdentityDependencies, 'db'>, actor: Actor): Promise<Me> {
  requireRight(actor, 'self:use');
  return deps.db.asTenant(actor.organizationId, async (tx) => {
    const [organization] = await tx
      .select({ id: organizations.id, name: organizations.name })
      .from(organizations)
      .where(eq(organizations.id, actor.organizationId));
    if (organization === undefined) throw notFound('organization');
    const [user] =
      actor.userId === null
        ? []
        : await tx
            .select({ id: users.id, email: users.email, name: users.name })
            .from(users)
            .where(eq(users.id, actor.userId));
    const { role, serviceAdmin } = actor;
    return { user: user ?? null, organization, role, scopes: scopesOf(actor), serviceAdmin };
  });
}

/** A user's scopes are what their role amounts to. */
function scopesOf(actor: Actor): ApiKeyScope[] {
  if (actor.scopes !== null) return [...actor.scopes];
  return ApiKeyScope.options.filter((scope) => {
    switch (scope) {
      case 'read':
        return true;
      case 'write':
        return roleReaches(actor.role, 'editor');
      case 'admin':
        return roleReaches(actor.role, 'admin');
      case 'ops':
        return actor.serviceAdmin;
    }
  });
}
