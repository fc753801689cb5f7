import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { GrantRow } from '../grants/read-grant.ts';

/** The right to ask the platform for new credentials of one grant. What the platform answers is stored whoever holds the lease by then. */
export interface RefreshLease {
  readonly grantId: string;
  readonly fence: number;
}

/**
 * Takes the right to refresh, for `leaseMs` by the database's clock, unless someone holds it or the grant has changed since `grant`
 * was read. One conditional update: of any number of callers in any number of processes one gets it.
 */
export async function takeRefreshLease(
  tx: Transaction,
  grant: Pick<GrantRow, 'id' | 'refreshFence'>,
  leaseMs: number,
): Promise<RefreshLease | null> {
  const rows = await queryRows(tx, { fence: column.number })`
    update grants set refresh_fence = refresh_fence + 1, refresh_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where id = ${grant.id} and dead_at is null and refresh_fence = ${grant.refreshFence}
      and (refresh_until is null or refresh_until <= clock_timestamp())
    returning refresh_fence::float8 as fence`;
  const [taken] = rows;
  return taken === undefined ? null : { grantId: grant.id, fence: taken.fence };
}
