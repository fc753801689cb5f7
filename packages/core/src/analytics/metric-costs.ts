import type { MetricCost } from '@vibetribe/contracts/analytics';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import { isoInstant } from '@vibetribe/db/iso-instant';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';

/** What this month has cost so far, for each of these platforms. All organizations share it. */
export async function readCosts(
  { db, metricsMonthlyUsd }: CostDependencies,
  platforms: readonly PlatformId[],
): Promise<MetricCost[]> {
  if (platforms.length === 0) return [];
  const columns = { platform: PlatformId, micros: column.number, resetAt: column.text };
  const rows = await db.asWorker(
    (tx) =>
      queryRows(tx, columns)`
      select w.platform, coalesce(c.micros, 0)::float8 as micros, ${isoInstant('m.next')} as "resetAt"
      from unnest(${sql.param(platforms)}::text[]) as w(platform)
      cross join (
        select date_trunc('month', statement_timestamp() at time zone 'UTC')::date as month,
          (date_trunc('month', statement_timestamp() at time zone 'UTC') + interval '1 month') at time zone 'UTC' as next) m
      left join metric_costs c on c.platform = w.platform and c.month = m.month`,
  );
  return rows.map(({ platform, micros, resetAt }) => ({
    platform,
    monthlyUsd: metricsMonthlyUsd(platform) ?? 0,
    spentUsd: micros / 1_000_000,
    resetAt,
  }));
}

type CostDependencies = Pick<CoreDependencies, 'db' | 'metricsMonthlyUsd'>;

/** A part of the month's limit, taken whether its request is made or the process dies before. */
export interface Reservation {
  /** Gives back what the request turned out not to cost. */
  bill(usd: number): Promise<void>;
}

const microsOf = (usd: number) => Math.ceil(usd * 1_000_000);

/**
 * Writes what a request may cost before it is made; null where that would go over the month's limit. Months are those of the database's
 * clock in UTC. Two processes cannot both take what is left: the row is written only where it stays within the limit.
 */
export async function reserveCost(
  { db, metricsMonthlyUsd }: CostDependencies,
  platform: PlatformId,
  usd: number,
): Promise<Reservation | null> {
  const micros = microsOf(usd);
  const limitMicros = Math.floor((metricsMonthlyUsd(platform) ?? 0) * 1_000_000);
  const [row] = await db.asWorker(
    (tx) =>
      queryRows(tx, { firstDay: column.text })`
      insert into metric_costs as c (platform, month, micros)
      select ${platform}, date_trunc('month', statement_timestamp() at time zone 'UTC')::date, ${micros}::bigint where ${micros}::bigint <= ${limitMicros}::bigint
      on conflict (platform, month) do update set micros = c.micros + excluded.micros
        where c.micros + excluded.micros <= ${limitMicros}::bigint
      returning to_char(month, 'YYYY-MM-DD') as "firstDay"`,
  );
  if (row === undefined) return null;
  return {
    async bill(costUsd) {
      const backMicros = micros - microsOf(costUsd);
      if (backMicros <= 0) return;
      await db.asWorker((tx) =>
        tx.execute(
          sql`update metric_costs set micros = micros - ${backMicros}::bigint where platform = ${platform} and month = ${row.firstDay}::date`,
        ),
      );
    },
  };
}
