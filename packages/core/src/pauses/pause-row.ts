import type { Pause } from '@vibetribe/contracts/pause';
import type { Transaction } from '@vibetribe/db/connect-database';
import { pauses } from '@vibetribe/db/schema/service';
import { and, eq, inArray, isNull, or, type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { notFound } from '../domain-error.ts';

export type PauseRow = typeof pauses.$inferSelect;

export function presentPause(row: PauseRow): Pause {
  return {
    id: row.id,
    scope: row.organizationId === null ? 'service' : row.accountId === null ? 'organization' : 'account',
    accountId: row.accountId,
    reason: row.reason,
    createdAt: row.createdAt.toISOString(),
  };
}

/**
 * The pauses that the actor may know of: the organization's own, and the service's, which keep its posts back too. A key that is limited to
 * some accounts knows of the pauses that keep those back.
 */
export function visibleTo(actor: Actor): SQL | undefined {
  return and(
    isNull(pauses.liftedAt),
    or(eq(pauses.organizationId, actor.organizationId), isNull(pauses.organizationId)),
    actor.accountIds === null
      ? undefined
      : or(isNull(pauses.accountId), inArray(pauses.accountId, [...actor.accountIds])),
  );
}

/** @throws DomainError `not_found`, also for another organization's */
export async function findPause(tx: Transaction, actor: Actor, id: string): Promise<PauseRow> {
  const [row] = await tx
    .select()
    .from(pauses)
    .where(and(eq(pauses.id, id), visibleTo(actor)));
  if (row === undefined) throw notFound('pause');
  return row;
}

/** The pause `pauses s` is in force and holds `publications p` back. */
export const holdsBack = sql`s.lifted_at is null
  and (s.organization_id is null or s.organization_id = p.organization_id and (s.account_id is null or s.account_id = p.account_id))`;

/** Publications that a pause concerns, as a condition on `publications p`. */
export function inScope(pause: Pick<PauseRow, 'organizationId' | 'accountId'>): SQL {
  if (pause.organizationId === null) return sql`true`;
  if (pause.accountId === null) return sql`p.organization_id = ${pause.organizationId}`;
  return sql`p.organization_id = ${pause.organizationId} and p.account_id = ${pause.accountId}`;
}
