import type { MetricCost } from '@vibetribe/contracts/analytics';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { isoInstant } from '@vibetribe/db/iso-instant';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { holdsRight } from '../identity/authorize.ts';

/** What the actor's organization has spent this month on each of these platforms; for a service admin, what all have together. */
export async function readCosts(
  { db, metricsMonthlyUsd }: CostDependencies,
  actor: Actor,
  platforms: readonly PlatformId[],
): Promise<MetricCost[]> {
  if (platforms.length === 0) return [];
  const { organizationId } = actor;
  const columns = { platform: PlatformId, micros: column.number, resetAt: column.text };
  const read = (costs: SQL) => (tx: Transaction) =>
    queryRows(tx, columns)`
      select w.platform, coalesce(c.micros, 0)::float8 as micros, ${isoInstant('m.next')} as "resetAt"
      from unnest(${sql.param(platforms)}::text[]) as w(platform)
      cross join (
        select date_trunc('month', statement_timestamp() at time zone 'UTC')::date as month,
          (date_trunc('month', statement_timestamp() at time zone 'UTC') + interval '1 month') at time zone 'UTC' as next) m
      left join ${costs} c on c.platform = w.platform and c.month = m.month`;
  const rows = holdsRight(actor, 'service:manage')
    ? await db.asWorker(read(sql`metric_costs`))
    : await db.asTenant(
        organizationId,
        read(sql`(select platform, month, micros from organization_costs where organization_id = ${organizationId})`),
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
 * Writes what a request may cost before it is made, to the service's account and to the organization's own; null where that would go over the
 * month's limit. Months are those of the database's clock in UTC. Two processes cannot both take what is left: the row is written only where
 * it stays within the limit.
 */
export async function reserveCost(
  { db, metricsMonthlyUsd }: CostDependencies,
  { platform, organizationId }: { readonly platform: PlatformId; readonly organizationId: string },
  usd: number,
): Promise<Reservation | null> {
  const micros = microsOf(usd);
  const limitMicros = Math.floor((metricsMonthlyUsd(platform) ?? 0) * 1_000_000);
  const [row] = await db.asWorker(
    (tx) =>
      queryRows(tx, { firstDay: column.text })`
      with taken as (
        insert into metric_costs as c (platform, month, micros)
        select ${platform}, date_trunc('month', statement_timestamp() at time zone 'UTC')::date, ${micros}::bigint where ${micros}::bigint <= ${limitMicros}::bigint
        on conflict (platform, month) do update set micros = c.micros + excluded.micros
          where c.micros + excluded.micros <= ${limitMicros}::bigint
        returning month),
      own as (
        insert into organization_costs as c (organization_id, platform, month, micros)
        select ${organizationId}, ${platform}, month, ${micros}::bigint from taken
        on conflict (organization_id, platform, month) do update set micros = c.micros + excluded.micros)
      select to_char(month, 'YYYY-MM-DD') as "firstDay" from taken`,
  );
  if (row === undefined) return null;
  return {
    async bill(costUsd) {
      const backMicros = micros - microsOf(costUsd);
      if (backMicros <= 0) return;
      await db.asWorker((tx) =>
        tx.execute(
          sql`
            with given_back as (
              update metric_costs set micros = micros - ${backMicros}::bigint where platform = ${platform} and month = ${row.firstDay}::date)
            update organization_costs set micros = micros - ${backMicros}::bigint
            where organization_id = ${organizationId} and platform = ${platform} and month = ${row.firstDay}::date`,
        ),
      );
    },
  };
}
