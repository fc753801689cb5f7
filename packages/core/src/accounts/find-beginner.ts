import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { holdsRight } from '../identity/authorize.ts';
import { findKeyActor } from '../identity/find-principal.ts';

/** Who began to connect an account: for whom, and which accounts they are limited to. */
export type Beginner = Pick<Actor, 'organizationId' | 'principal' | 'userId' | 'accountIds'>;

/** Null where they may no longer connect accounts: lowered, removed, or a key that was revoked or has expired. For identity transactions. */
export async function findBeginner(
  tx: Transaction,
  { organizationId, principal }: Pick<Beginner, 'organizationId' | 'principal'>,
): Promise<Beginner | null> {
  const [kind, id = ''] = principal.split(':', 2);
  if (kind === 'key') {
    const actor = await findKeyActor(tx, { id });
    if (actor === null || actor.organizationId !== organizationId || !holdsRight(actor, 'accounts:manage')) return null;
    return { organizationId, principal, userId: actor.userId, accountIds: actor.accountIds };
  }
  const { rowCount } = await tx.execute(sql`
    select 1 from memberships
    where organization_id = ${organizationId} and user_id = ${id} and role in ('admin', 'owner')`);
  return rowCount === 0 ? null : { organizationId, principal, userId: id, accountIds: null };
}
