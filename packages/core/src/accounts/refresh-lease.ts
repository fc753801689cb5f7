import type { Database, Transaction } from '@vibetribe/db/connect-database';
import type { Credentials } from '@vibetribe/platforms/port/connect';
import type { KeyRing } from '@vibetribe/security/key-ring';
import { sql } from 'drizzle-orm';
import type { GrantRow } from './read-grant.ts';
import { sealCredentials } from './seal-credentials.ts';

/** The right to refresh one grant: whoever holds a lower fence than the row's may write nothing any more. */
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
  const { rows } = await tx.execute<{ fence: number }>(sql`
    update grants set refresh_fence = refresh_fence + 1, refresh_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
    where id = ${grant.id} and dead_at is null and refresh_fence = ${grant.refreshFence}
      and (refresh_until is null or refresh_until <= clock_timestamp())
    returning refresh_fence::float8 as fence`);
  const [taken] = rows;
  return taken === undefined ? null : { grantId: grant.id, fence: taken.fence };
}

/** Stores what a refresh brought and gives the lease back, in one transaction. False where the lease was lost: then nothing is stored. */
export async function storeRefreshed(
  deps: { readonly db: Database; readonly keyRing: Pick<KeyRing, 'seal'> },
  grant: GrantRow,
  lease: RefreshLease,
  credentials: Credentials,
): Promise<boolean> {
  const sealed = sealCredentials(deps.keyRing, grant, credentials);
  return deps.db.asWorker(async (tx) => {
    const { rowCount } = await tx.execute(sql`
      update grants set credentials = ${sealed}, expires_at = ${credentials.expiresAt ?? null}::timestamptz,
        scopes = ${sql.param([...credentials.scopes])}::text[], refreshed_at = clock_timestamp(), refresh_until = null, refresh_failures = 0
      where id = ${lease.grantId} and refresh_fence = ${lease.fence} and dead_at is null`);
    if (rowCount !== 1) return false;
    await tx.execute(sql`
      insert into events (organization_id, type, message, data)
      select a.organization_id, 'token.refreshed', 'The token of ' || a.handle || ' was refreshed.',
        jsonb_build_object('accountId', a.id, 'platform', a.platform, 'expiresAt', ${credentials.expiresAt ?? null}::text)
      from accounts a where a.grant_id = ${lease.grantId} and a.status = 'active'`);
    return true;
  });
}

/** Gives the lease back after a refresh that brought nothing; the next one may try. */
export async function returnLease(tx: Transaction, lease: RefreshLease): Promise<void> {
  await tx.execute(sql`
    update grants set refresh_until = null, refresh_failures = refresh_failures + 1
    where id = ${lease.grantId} and refresh_fence = ${lease.fence}`);
}
