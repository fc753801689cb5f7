import type { Member } from '@vibetribe/contracts/member';
import { memberships, users } from '@vibetribe/db/schema/identity';
import { and, asc, eq, gt } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { cutPage } from '../cut-page.ts';
import { requireRight } from '../identity/authorize.ts';
import type { IdentityDependencies } from '../identity/identity-dependencies.ts';

/** Who belongs to the organization, by user id, after the id given. */
export async function listMembers(
  deps: Pick<IdentityDependencies, 'db'>,
  actor: Actor,
  { limit, afterId }: { readonly limit: number; readonly afterId: string | null },
): Promise<{ items: Member[]; hasMore: boolean }> {
  requireRight(actor, 'members:read');
  const { organizationId } = actor;
  const rows = await deps.db.asTenant(organizationId, (tx) =>
    tx
      .select({
        userId: users.id,
        email: users.email,
        name: users.name,
        role: memberships.role,
        joinedAt: memberships.createdAt,
      })
      .from(memberships)
      .innerJoin(users, eq(users.id, memberships.userId))
      .where(
        and(
          eq(memberships.organizationId, organizationId),
          afterId === null ? undefined : gt(memberships.userId, afterId),
        ),
      )
      .orderBy(asc(memberships.userId))
      .limit(limit + 1),
  );
  const { items, hasMore } = cutPage(rows, limit);
  return { items: items.map((row) => ({ ...row, joinedAt: row.joinedAt.toISOString() })), hasMore };
}
