import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { AdapterAccount } from '@vibetribe/platforms/port/account';

/** A grant with one of the accounts that it opens. Times are ms since the epoch by the database's clock, `nowMs` when it was read. */
const grantRowColumns = {
  id: column.text,
  organizationId: column.text,
  platform: PlatformId,
  sealedCredentials: column.text,
  expiresAtMs: column.numberOrNull,
  isDead: column.boolean,
  refreshFence: column.number,
  /** See `ConnectedGrant.grantedBy`. */
  grantedBy: column.textOrNull,
  refreshFailures: column.number,
  isBeingRefreshed: column.boolean,
  externalId: column.text,
  handle: column.text,
  /** '' where the platform is one server. */
  service: column.text,
  nowMs: column.number,
};
export type GrantRow = RowOf<typeof grantRowColumns>;

/** Null where the grant is gone: its accounts have been connected anew. */
export async function readGrant(tx: Transaction, grantId: string): Promise<GrantRow | null> {
  const rows = await queryRows(tx, grantRowColumns)`
    select g.id, g.organization_id as "organizationId", g.platform, g.credentials as "sealedCredentials",
      floor(extract(epoch from g.expires_at) * 1000)::float8 as "expiresAtMs", g.dead_at is not null as "isDead",
      g.refresh_fence::float8 as "refreshFence", g.granted_by as "grantedBy", g.refresh_failures as "refreshFailures",
      coalesce(g.refresh_until > clock_timestamp(), false) as "isBeingRefreshed",
      a.external_id as "externalId", a.handle, a.service,
      floor(extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"
    from grants g
    join lateral (select external_id, handle, service from accounts where grant_id = g.id order by id limit 1) a on true
    where g.id = ${grantId}`;
  return rows[0] ?? null;
}

export function adapterAccountOf(row: Pick<GrantRow, 'externalId' | 'handle' | 'service'>): AdapterAccount {
  return { externalId: row.externalId, handle: row.handle, service: row.service === '' ? null : row.service };
}
