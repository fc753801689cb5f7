import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import { jobPriorityMax } from '@vibetribe/queue/publish-jobs';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';

/** A publication that wants a job: `delayMs` by the database's clock, `priority` 1 first. */
const duePublicationColumns = {
  publicationId: column.text,
  platform: PlatformId,
  generation: column.number,
  delayMs: column.number,
  priority: column.number,
};
export type DuePublication = RowOf<typeof duePublicationColumns>;
const enqueuedColumns = { ...duePublicationColumns, isLed: column.boolean };

export interface EnqueueSettings {
  /** How far ahead of their time publications get a job, ms. The queue holds these and no more. */
  readonly lookAheadMs: number;
  /** How long after its time an enqueued publication may stay untouched before it is enqueued again, ms. */
  readonly enqueuedForMs: number;
  /** So many at once that stayed untouched are no lost jobs but a backlog: each time they get twice as long. */
  readonly backlogMin: number;
  readonly batchMax: number;
}

const doublingsMax = 5;

/**
 * Enqueues what is due soon: first what never had a job, then what had one and was never claimed, however its job was lost. Each time is a
 * new generation, so that its job id is new to the queue. Dispatchers share the work by skipping locked rows.
 *
 * Fairness: a job's priority is its place in its organization's own line on that platform. Lines are served in turn, and one organization's
 * thousand posts do not stand before another's one. Only the first of a line counts how long the line is already, by an expression that one
 * index alone has. Everything is joined by a primary key: without statistics the planner would read all posts of an organization.
 *
 * Posts of one account that are due at the same moment share the job of one of them: they go one after another, and a job takes its line to
 * the end. The others count as enqueued, so that they get jobs of their own where that one is lost.
 */
export async function enqueueDue(
  deps: Pick<CoreDependencies, 'db' | 'failpoints'>,
  settings: EnqueueSettings,
): Promise<DuePublication[]> {
  // Unlike clock_timestamp(), its value is one for the whole statement: the index is searched with it instead of read to its end.
  const fresh = sql`p.enqueued_until is null and p.due_at < statement_timestamp() + ${settings.lookAheadMs} * interval '1 millisecond' order by p.due_at`;
  const expired = sql`p.enqueued_until is not null and p.enqueued_until < statement_timestamp() order by p.enqueued_until`;
  return deps.db.asKeyedWorker(async (tx) => {
    const due: DuePublication[] = [];
    for (const condition of deps.failpoints.has('sweeper') ? [fresh, expired] : [fresh]) {
      const rows = await queryRows(tx, enqueuedColumns)`
        with picked as (
          select p.id, p.organization_id, p.account_id, p.platform, p.post_id, p.status, p.scheduled_at, p.due_at, p.enqueued_until, p.requeues
          from publications p
          where p.due_at is not null and p.lease_until is null and ${condition}
          limit ${settings.batchMax} for update skip locked
        ), numbered as (
          select k.*, row_number() over (
            partition by k.organization_id, k.platform
            order by case po.priority when 'high' then 0 when 'normal' then 1 else 2 end, k.due_at, k.id
          ) as place
          from picked k join posts po on po.id = k.post_id
        ), measured as (
          select n.*, case when n.place = 1 then (
            select count(*) from publications q
            where q.organization_id || ' ' || q.platform = n.organization_id || ' ' || n.platform
              and q.enqueued_until is not null and q.lease_until is null
          ) end as line
          from numbered n
        ), placed as (
          select m.id, m.status = 'scheduled' and row_number() over (
              partition by m.account_id, m.status, m.scheduled_at, m.due_at order by m.place) > 1 as is_led,
            case when m.enqueued_until is null or (select count(*) from picked) < ${settings.backlogMin} then 0
            else least(m.requeues + 1, ${doublingsMax}) end as requeues,
            least(${jobPriorityMax}, sum(m.line) over (partition by m.organization_id, m.platform) + m.place)::int as priority
          from measured m
        )
        update publications p set
          generation = p.generation + 1,
          requeues = placed.requeues,
          enqueued_until = greatest(p.due_at, clock_timestamp()) + ${settings.enqueuedForMs} * power(2, placed.requeues) * interval '1 millisecond'
        from placed where p.id = placed.id
        returning p.id as "publicationId", p.platform, p.generation, placed.priority, placed.is_led as "isLed",
          greatest(0, ceil(extract(epoch from p.due_at - clock_timestamp()) * 1000))::float8 as "delayMs"`;
      due.push(...rows.flatMap(({ isLed, ...publication }) => (isLed ? [] : [publication])));
    }
    return due;
  });
}
