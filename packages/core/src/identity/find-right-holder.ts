import type { Role } from '@vibetribe/contracts/role';
import type { Transaction } from '@vibetribe/db/connect-database';
import { memberships } from '@vibetribe/db/schema/identity';
import { and, eq } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { holdsRight, type Right } from './authorize.ts';
import { findKeyActor } from './find-principal.ts';

/** Who began something that ends later, as they are now. */
export type RightHolder = Pick<Actor, 'organizationId' | 'principal' | 'userId' | 'accountIds'> & {
  readonly role: Role;
};

/** Null where they no longer hold the right: lowered, removed, or a key that was revoked or has expired. For identity transactions. */
export async function findRightHolder(
  tx: Transaction,
  { organizationId, principal }: Pick<Actor, 'organizationId' | 'principal'>,
  right: Right,
): Promise<RightHolder | null> {
  const [kind, id = ''] = principal.split(':', 2);
  const actor = kind === 'key' ? await findKeyActor(tx, { id }) : await findMember(tx, organizationId, id);
  if (actor === null || actor.organizationId !== organizationId || !holdsRight(actor, right)) return null;
  const { userId, accountIds, role } = actor;
  return { organizationId, principal, userId, accountIds, role };
}

async function findMember(tx: Transaction, organizationId: string, userId: string): Promise<Actor | null> {
  const [found] = await tx
    .select({ role: memberships.role })
    .from(memberships)
    .where(and(eq(memberships.organizationId, organizationId), eq(memberships.userId, userId)));
  if (found === undefined) return null;
  const all = { scopes: null, accountIds: null, serviceAdmin: false };
  return { organizationId, userId, role: found.role, ...all, principal: `user:${userId}` };
}
