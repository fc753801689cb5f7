import type { Invitation } from '@vibetribe/contracts/member';
import { invitations } from '@vibetribe/db/schema/identity';
import { and, desc, eq, gt, lt, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { cutPage } from '../cut-page.ts';
import { notFound } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import type { IdentityDependencies } from '../identity/identity-dependencies.ts';
import { invitationColumns, presentInvitation } from './present-invitation.ts';

/** Open invitations, newest first, after the id given. */
export async function listInvitations(
  deps: Pick<IdentityDependencies, 'db'>,
  actor: Actor,
  { limit, afterId }: { readonly limit: number; readonly afterId: string | null },
): Promise<{ items: Invitation[]; hasMore: boolean }> {
  requireRight(actor, 'members:manage');
  const rows = await deps.db.asTenant(actor.organizationId, (tx) =>
    tx
      .select(invitationColumns)
      .from(invitations)
      .where(
        and(
          eq(invitations.organizationId, actor.organizationId),
          gt(invitations.expiresAt, sql`now()`),
          afterId === null ? undefined : lt(invitations.id, afterId),
        ),
      )
      .orderBy(desc(invitations.id))
      .limit(limit + 1),
  );
  const { items, hasMore } = cutPage(rows, limit);
  return { items: items.map(presentInvitation), hasMore };
}

/** Ends an invitation. @throws DomainError `not_found` */
export async function revokeInvitation(
  deps: Pick<IdentityDependencies, 'db'>,
  actor: Actor,
  { invitationId }: { readonly invitationId: string },
): Promise<void> {
  requireRight(actor, 'members:manage');
  const { organizationId } = actor;
  const { rowCount } = await deps.db.asTenant(organizationId, (tx) =>
    tx.delete(invitations).where(and(eq(invitations.organizationId, organizationId), eq(invitations.id, invitationId))),
  );
  if (rowCount === 0) throw notFound('invitation');
}
