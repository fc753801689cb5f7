import type { Role } from '@vibetribe/contracts/role';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import { roleReaches } from '../identity/authorize.ts';

/**
 * Ends what a member, or a key of theirs, has invited to and may not invite to any more: nobody could accept it.
 * @param role that they have from now on; null: none
 */
export async function endInvitationsOf(
  tx: Transaction,
  { organizationId, userId }: { readonly organizationId: string; readonly userId: string },
  role: Role | null,
): Promise<void> {
  const mayInvite = role !== null && roleReaches(role, 'admin');
  await tx.execute(sql`
    delete from invitations i where i.organization_id = ${organizationId} and (${!mayInvite} or ${role !== 'owner'} and i.role = 'owner')
      and (i.invited_by = ${`user:${userId}`} or i.invited_by in (
        select 'key:' || k.id from api_keys k where k.organization_id = i.organization_id and k.user_id = ${userId}))`);
}
