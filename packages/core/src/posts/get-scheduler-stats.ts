import { sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { requireRight } from '../identity/authorize.ts';
import { SchedulerStats } from './scheduler-stats-shape.ts';

/** Counts of the organization's publications, those of deleted posts left out; lateness is that of the last 24 hours. */
export async function getSchedulerStats(deps: Pick<CoreDependencies, 'db'>, actor: Actor): Promise<SchedulerStats> {
  requireRight(actor, 'posts:read');
  const allowed =
    actor.accountIds === null ? sql`true` : sql`x.account_id = any(${sql.param(actor.accountIds)}::text[])`;
  const { rows } = await deps.db.asTenant(actor.organizationId, (tx) =>
    tx.execute(sql`
      with counted as (
        select x.status, x.due_at, greatest(0, extract(epoch from x.published_at - x.scheduled_at) * 1000)::float8 as late_ms,
          x.published_at
        from publications x join posts po on po.organization_id = x.organization_id and po.id = x.post_id
        where x.organization_id = ${actor.organizationId} and po.deleted_at is null and ${allowed}
          and (x.status in ('scheduled', 'publishing', 'waiting', 'retrying', 'unconfirmed')
            or x.status in ('published', 'failed') and x.updated_at > now() - interval '24 hours')
      ), lateness as (
        select percentile_cont(array[0.5, 0.95, 0.99]) within group (order by late_ms) as at
        from counted where status = 'published' and published_at > now() - interval '24 hours'
      )
      select count(*) filter (where status = 'scheduled')::int as scheduled,
        jsonb_build_object(
          '1m', count(*) filter (where status = 'scheduled' and due_at <= now() + interval '1 minute'),
          '1h', count(*) filter (where status = 'scheduled' and due_at <= now() + interval '1 hour'),
          '24h', count(*) filter (where status = 'scheduled' and due_at <= now() + interval '24 hours')) as "dueWithin",
        count(*) filter (where status = 'publishing')::int as publishing,
        count(*) filter (where status = 'waiting')::int as waiting,
        count(*) filter (where status = 'retrying')::int as retrying,
        count(*) filter (where status = 'unconfirmed')::int as unconfirmed,
        count(*) filter (where status = 'published' and published_at > now() - interval '24 hours')::int as "publishedLast24h",
        count(*) filter (where status = 'failed')::int as "failedLast24h",
        (select jsonb_build_object('p50', at[1], 'p95', at[2], 'p99', at[3]) from lateness) as "latenessMs"
      from counted`),
  );
  return SchedulerStats.parse(rows[0]);
}
