import { WaitingReason } from '@vibetribe/contracts/publication-status';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { requireRight } from '../../identity/authorize.ts';
import { countedMax, latestMax, SchedulerStats } from './scheduler-stats-shape.ts';

const statsColumns = {
  scheduled: column.number,
  dueWithin: SchedulerStats.shape.dueWithin,
  publishing: column.number,
  waiting: column.number,
  retrying: column.number,
  unconfirmed: column.number,
  publishedLast24h: column.number,
  failedLast24h: column.number,
  latenessMs: SchedulerStats.shape.latenessMs,
};

/**
 * Counts of the organization's publications, those of deleted posts left out: none of what can still go out is of one. Each count ends at
 * `countedMax`, so that a large calendar costs no more than a small one. Lateness is that of the latest `latestMax` of the last 24 hours.
 */
export async function getSchedulerStats(deps: Pick<CoreDependencies, 'db'>, actor: Actor): Promise<SchedulerStats> {
  requireRight(actor, 'posts:read');
  const own = ofOwn(actor);
  const count = (where: SQL) => counted(sql`publications x where ${own} and ${where}`);
  const listed = (kinds: readonly string[]) => sql`x.listed_as = any(${sql.param([...kinds])}::text[])`;
  const due = (interval: string) =>
    count(
      sql`x.status = 'scheduled' and x.due_at is not null and x.due_at <= statement_timestamp() + ${interval}::interval`,
    );
  const notDeleted = sql`exists (select 1 from posts o where o.organization_id = x.organization_id and o.id = x.post_id and o.deleted_at is null)`;
  // Of what is out since a day ago nothing was deleted before: these are few, and are looked up as a whole.
  const notDeletedSince = sql`not exists (
    select 1 from posts o where o.organization_id = ${actor.organizationId} and o.id = x.post_id and o.deleted_at > ${aDayAgo})`;
  const deleted = (where: SQL) =>
    counted(sql`posts o join publications x on x.organization_id = o.organization_id and x.post_id = o.id
      where o.organization_id = ${actor.organizationId} and o.deleted_at > ${aDayAgo} and ${own} and ${where}`);
  const out = sql`x.status = 'published' and x.published_at > ${aDayAgo}`;
  const failed = sql`x.status = 'failed' and x.updated_at > ${aDayAgo}`;
  const [row] = await deps.db.asTenant(
    actor.organizationId,
    (tx) => queryRows(tx, statsColumns)`
      with out as materialized (
        select x.post_id, x.published_at, x.scheduled_at from publications x
        where ${own} and ${out} order by x.published_at desc limit ${countedMax}
      ), lateness as (
        select percentile_cont(array[0.5, 0.95, 0.99]) within group (order by late_ms) as at
        from (
          select greatest(0, extract(epoch from x.published_at - x.scheduled_at) * 1000)::float8 as late_ms
          from out x where ${notDeletedSince} order by x.published_at desc limit ${latestMax}) latest
      )
      select ${count(listed(['scheduled']))} as scheduled,
        jsonb_build_object('1m', ${due('1 minute')}, '1h', ${due('1 hour')}, '24h', ${due('24 hours')}) as "dueWithin",
        ${count(listed(['publishing']))} as publishing,
        ${count(listed(WaitingReason.options))} as waiting,
        ${count(listed(['retrying']))} as retrying,
        ${count(sql`${listed(['unconfirmed'])} and ${notDeleted}`)} as unconfirmed,
        (select count(*)::int from out) - ${deleted(out)} as "publishedLast24h",
        ${count(failed)} - ${deleted(failed)} as "failedLast24h",
        jsonb_build_object('p50', at[1], 'p95', at[2], 'p99', at[3]) as "latenessMs"
      from lateness`,
  );
  return SchedulerStats.parse(row);
}

const aDayAgo = sql`statement_timestamp() - interval '24 hours'`;

function counted(from: SQL): SQL {
  return sql`(select count(*)::int from (select 1 from ${from} limit ${countedMax}) counted)`;
}

/** Of `publications x`, account by account, as each index is searched. */
function ofOwn({ organizationId, accountIds }: Actor): SQL {
  const limited = accountIds === null ? sql`` : sql` and a.id = any(${sql.param([...accountIds])}::text[])`;
  return sql`x.organization_id = ${organizationId}
    and x.account_id = any(array(select a.id from accounts a where a.organization_id = ${organizationId}${limited}))`;
}
