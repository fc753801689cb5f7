import { column, queryRows } from '@vibetribe/db/query-rows';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { appWindowMs } from '../../publishing/claim/app-limit.ts';
import type { AccountRow } from './account-row.ts';

/** What is used of an application's limits; times are ms since the epoch. */
export interface AppUsage {
  /** Null: it has no such limit. */
  readonly posts: {
    readonly limit: number;
    readonly used: number;
    readonly oldestAtMs: number | null;
    readonly closedUntilMs: number | null;
  } | null;
  /** In the platform's own units, since its day began. */
  readonly units: { readonly limit: number; readonly used: number; readonly resetAtMs: number } | null;
}

const usageColumns = {
  platform: PlatformId,
  used: column.number,
  oldestAtMs: column.numberOrNull,
  closedUntilMs: column.numberOrNull,
  unitsUsed: column.number,
  dayEndsAtMs: column.number,
};

/** For the platforms among these accounts whose application has a limit. It is shared by all organizations, and so is its count. */
export async function readAppUsage(
  deps: Pick<CoreDependencies, 'db' | 'adapters' | 'appPostsPerDay'>,
  accounts: readonly Pick<AccountRow, 'platform' | 'credentialSource'>[],
): Promise<Map<PlatformId, AppUsage>> {
  const platforms = new Set(
    accounts.flatMap(({ platform, credentialSource }) => (credentialSource === 'manual' ? [] : [platform])),
  );
  const limits = [...platforms].flatMap((platform) => {
    const posts = deps.appPostsPerDay(platform);
    const units = deps.adapters[platform].limits.appUnitsPerDay ?? null;
    return posts === null && units === null ? [] : [{ platform, posts, units }];
  });
  if (limits.length === 0) return new Map();
  const names = limits.map(({ platform }) => platform);
  const zones = limits.map(({ units }) => units?.dayBeginsIn ?? 'UTC');
  const rows = await deps.db.asWorker(
    (tx) =>
      queryRows(tx, usageColumns)`
      select w.platform, t.used, floor(extract(epoch from t.oldest_at) * 1000)::float8 as "oldestAtMs",
        floor(extract(epoch from l.closed_until) * 1000)::float8 as "closedUntilMs",
        coalesce(case when l.units_day = d.today then l.units_used end, 0) as "unitsUsed",
        extract(epoch from (d.today + 1)::timestamp at time zone w.zone)::float8 * 1000 as "dayEndsAtMs"
      from unnest(${sql.param(names)}::text[], ${sql.param(zones)}::text[]) as w(platform, zone)
      cross join lateral (select (statement_timestamp() at time zone w.zone)::date as today) d
      cross join lateral (
        select count(*)::int as used, min(started_at) as oldest_at from attempts
        where platform = w.platform and started_at > statement_timestamp() - ${appWindowMs} * interval '1 millisecond') t
      left join app_limits l on l.platform = w.platform`,
  );
  const byPlatform = new Map(rows.map((row) => [row.platform, row]));
  return new Map(
    limits.flatMap(({ platform, posts, units }) => {
      const row = byPlatform.get(platform);
      if (row === undefined) return [];
      const { used, oldestAtMs, closedUntilMs, unitsUsed, dayEndsAtMs } = row;
      return [
        [
          platform,
          {
            posts: posts === null ? null : { limit: posts, used, oldestAtMs, closedUntilMs },
            units: units === null ? null : { limit: units.limit, used: unitsUsed, resetAtMs: dayEndsAtMs },
          },
        ] as const,
      ];
    }),
  );
}
