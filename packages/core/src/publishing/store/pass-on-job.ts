import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { Moved } from '../state/transition.ts';
import type { PublicationRow } from './publication-row.ts';

/**
 * Posts of one account that are due at the same moment share the job of one of them (`enqueueDue`). Where that one gets another time, the
 * next of them is enqueued anew and stands for the rest.
 */
export async function passOnJob(
  tx: Transaction,
  transitions: readonly { row: PublicationRow; transition: Moved }[],
): Promise<void> {
  await passOn(
    tx,
    transitions.flatMap(({ row, transition: { state } }) => (isRescheduled(row, state) ? [row.id] : [])),
  );
}

/** The same for publications that are about to be deleted, as they still stand: one that is called off keeps its job, and takes its line. */
export async function passOn(tx: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute(sql`
    update publications p set enqueued_until = null where p.id in (
      select next.id from publications moved
      cross join lateral (
        select o.id from publications o
        where o.account_id = moved.account_id and o.due_at = moved.due_at and o.status = 'scheduled'
          and o.enqueued_until is not null and o.lease_until is null and o.id <> all(${sql.param(ids)}::text[])
        order by o.id limit 1
        for update skip locked
      ) next
      where moved.id = any(${sql.param(ids)}::text[]) and moved.enqueued_until is not null
    )`);
}

function isRescheduled({ status, dueAtMs }: PublicationRow, state: Moved['state']): boolean {
  const isOpen = state.status === 'scheduled' || state.status === 'draft';
  return (
    status === 'scheduled' && isOpen && dueAtMs !== null && state.dueAtMs !== dueAtMs && state.leaseUntilMs === null
  );
}
