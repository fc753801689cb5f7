import {} from '@vibetribe/db/query-rows';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import { appWindowMs } from '../publishing/claim/app-limit.ts';
import type { AccountRow } from './account-row.ts';

/** What is used of an application's limit; times are ms since the epoch. */
export interface AppUsage {
  readonly limit: number;
  readonly used: number;
  readonly oldestAtMs: number | null;
  readonly closedUntilMs: number | null;
}

const usageColumns = {
  platform: PlatformId,
  used: column.number,
  oldestAtMs: column.numberOrNull,
  closedUntilMs: column.numberOrNull,
};

/** For the platforms among these accounts whose application has a limit. It is shared by all organizations, and so is its count. */
export async function readAppUsage(
  deps: Pick<CoreDependencies, 'db' | 'appPostsPerDay'>,
  accounts: readonly Pick<AccountRow, 'platform' | 'credentialSource'>[],
): Promise<Map<PlatformId, AppUsage>> {
  const platforms = new Set(
    accounts.flatMap(({ platform, credentialSource }) => (credentialSource === 'manual' ? [] : [platform])),
  );
  const limits = [...platforms].flatMap((platform) => {
    const limit = deps.appPostsPerDay(platform);
    return limit === null ? [] : [{ platform, limit }];
  });
  if (limits.length === 0) return new Map();
  const rows = await deps.db.asWorker(
    (tx) =>
      queryRows(tx, usageColumns)`
      select w.platform, t.used, floor(extract(epoch from t.oldest_at) * 1000)::float8 as "oldestAtMs",
        floor(extract(epoch from l.closed_until) * 1000)::float8 as "closedUntilMs"
      from unnest(${sql.param(limits.map(({ platform }) => platform))}::text[]) as w(platform)
      cross join lateral (
        select count(*)::int as used, min(started_at) as oldest_at from attempts
        where platform = w.platform and started_at > statement_timestamp() - ${appWindowMs} * interval '1 millisecond') t
      left join app_limits l on l.platform = w.platform`,
  );
  const byPlatform = new Map(rows.map((row) => [row.platform, row]));
  return new Map(
    limits.flatMap(({ platform, limit }) => {
      const usage = byPlatform.get(platform);
      return usage === undefined ? [] : [[platform, { ...usage, limit }] as const];
    }),
  );
}
