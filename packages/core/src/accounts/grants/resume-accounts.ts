import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import { movePublications } from '../../publishing/store/decide-and-write.ts';

/** Accounts that can be posted to again: their people are told. */
export async function tellReconnected(tx: Transaction, accountIds: readonly string[]): Promise<void> {
  await tx.execute(sql`
    insert into events (organization_id, type, message, data)
    select organization_id, 'account.reconnected', handle || ' is connected again.', jsonb_build_object('accountId', id, 'platform', platform)
    from accounts where id = any(${sql.param(accountIds)}::text[])`);
}

/** What waited for these accounts goes on. @returns how many publications did */
export async function resumeWaiting(tx: Transaction, accountIds: readonly string[]): Promise<number> {
  const rows = await queryRows(tx, { id: column.text })`
    select id from publications
    where account_id = any(${sql.param(accountIds)}::text[]) and listed_as in ('token', 'reconciling')
      and (waiting_reason = 'token' or (waiting_reason = 'reconciling' and due_at is null))`;
  const ids = rows.map(({ id }) => id);
  const moves = await movePublications(tx, ids, () => ({ type: 'resume', reasons: ['token'] }));
  return moves.filter(({ transition }) => transition.kind === 'moved').length;
}
