import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { TokenStats } from '@vibetribe/contracts/account';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { visibleTo } from '../read/account-row.ts';

const platformCountsColumns = {
  platform: column.text,
  total: column.number,
  expired: column.number,
  within1h: column.number,
  within24h: column.number,
  within7d: column.number,
  needsReauth: column.number,
};
type PlatformCounts = RowOf<typeof platformCountsColumns>;

type Counts = TokenStats['byPlatform'][string];

/** Counts the tokens of connected accounts by the database's clock. The windows contain each other; what has expired is in none. */
export async function getTokenStats(deps: Pick<CoreDependencies, 'db'>, actor: Actor): Promise<TokenStats> {
  const rows = await deps.db.asTenant(
    actor.organizationId,
    (tx) =>
      queryRows(tx, platformCountsColumns)`
      select a.platform, count(*)::int as total,
        count(*) filter (where left_over <= interval '0')::int as expired,
        count(*) filter (where left_over > interval '0' and left_over <= interval '1 hour')::int as "within1h",
        count(*) filter (where left_over > interval '0' and left_over <= interval '24 hours')::int as "within24h",
        count(*) filter (where left_over > interval '0' and left_over <= interval '7 days')::int as "within7d",
        count(*) filter (where a.status = 'needs_reauth')::int as "needsReauth"
      from accounts a
      join (select organization_id, id, expires_at - now() as left_over from grants) g on g.organization_id = a.organization_id and g.id = a.grant_id
      where a.status <> 'disconnected' and ${visibleTo(actor)}
      group by a.platform order by a.platform`,
  );
  const byPlatform = Object.fromEntries(rows.map((row) => [row.platform, countsOf(row)]));
  return { ...Object.values(byPlatform).reduce(add, none), byPlatform };
}

const none: Counts = { total: 0, expired: 0, expiringWithin: { '1h': 0, '24h': 0, '7d': 0 }, needsReauth: 0 };

function countsOf(row: PlatformCounts): Counts {
  const { total, expired, needsReauth } = row;
  return {
    total,
    expired,
    needsReauth,
    expiringWithin: { '1h': row.within1h, '24h': row.within24h, '7d': row.within7d },
  };
}

function add(left: Counts, right: Counts): Counts {
  return {
    total: left.total + right.total,
    expired: left.expired + right.expired,
    needsReauth: left.needsReauth + right.needsReauth,
    expiringWithin: {
      '1h': left.expiringWithin['1h'] + right.expiringWithin['1h'],
      '24h': left.expiringWithin['24h'] + right.expiringWithin['24h'],
      '7d': left.expiringWithin['7d'] + right.expiringWithin['7d'],
    },
  };
}
