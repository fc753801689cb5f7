import { Role } from '@vibetribe/contracts/role';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { DomainError, notFound } from '../domain-error.ts';

/**
 * The member's role now, with all owners locked: of two owners who leave at once the second sees that the first has.
 * @throws DomainError `not_found`
 */
export async function lockMember(
  tx: Transaction,
  { organizationId, userId }: { readonly organizationId: string; readonly userId: string },
): Promise<{ readonly role: Role; readonly isLastOwner: boolean }> {
  const rows = await queryRows(tx, { userId: column.text, role: Role })`
    select user_id as "userId", role from memberships
    where organization_id = ${organizationId} and (role = 'owner' or user_id = ${userId})
    order by user_id for update`;
  const member = rows.find((row) => row.userId === userId);
  if (member === undefined) throw notFound('member');
  const owners = rows.filter(({ role }) => role === 'owner').length;
  return { role: member.role, isLastOwner: member.role === 'owner' && owners === 1 };
}

/** @throws DomainError `forbidden`: nobody gives a role above their own, or takes one from somebody above them */
export function requireReach(own: Role, ...others: readonly Role[]): void {
  if (own !== 'owner' && others.includes('owner'))
    throw new DomainError('forbidden', 'Only an owner makes, changes or removes owners.');
}

/** @throws DomainError `conflict` */
export function requireAnotherOwner(isLastOwner: boolean): void {
  if (isLastOwner)
    throw new DomainError('conflict', 'An organization keeps an owner: make somebody else an owner first.');
}
