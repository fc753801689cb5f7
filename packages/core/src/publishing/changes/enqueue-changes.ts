import { PlatformId } from '@vibetribe/contracts/platform-id';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { jobPriorityMax } from '@vibetribe/queue/publish-jobs';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { holdsBack } from '../../pauses/pause-row.ts';

const dueChangeColumns = {
  /** A change's own id stands where a job has its publication's. */
  publicationId: column.text,
  platform: PlatformId,
  generation: column.number,
  delayMs: column.number,
  priority: column.number,
};
type DueChange = RowOf<typeof dueChangeColumns>;

const batchMax = 500;

/**
 * Changes that want a job: those that are due, that a dead publisher has left, whose job was lost, and those that wait without a time for
 * something that has come. The first one of an organization goes before posts: somebody waits for it. The next ones have their places in
 * its own line, as its posts have: a thousand of them stand before nobody else's.
 */
export async function enqueueChanges(
  deps: Pick<CoreDependencies, 'db' | 'failpoints'>,
  { enqueuedForMs }: { readonly enqueuedForMs: number },
): Promise<DueChange[]> {
  const lostToo = deps.failpoints.has('sweeper');
  const isFree = sql`(c.lease_until is null or ${lostToo} and c.lease_until < statement_timestamp())
    and (c.enqueued_until is null or ${lostToo} and c.enqueued_until < statement_timestamp())`;
  return deps.db.asWorker(
    (tx) => queryRows(tx, dueChangeColumns)`
      with wanting as (
        select c.id, c.organization_id, c.due_at, p.platform,
          row_number() over (partition by c.organization_id order by c.due_at nulls first, c.id) - 1 as place
        from publication_changes c
        join publications p on p.id = c.publication_id
        join accounts a on a.id = p.account_id
        join grants g on g.id = a.grant_id
        where ${isFree}
          and (c.due_at <= statement_timestamp() or c.due_at is null and (
            a.status = 'disconnected'
            or c.waiting_reason = 'token' and a.status = 'active' and g.dead_at is null
            or c.waiting_reason = 'paused' and not exists (select 1 from pauses s where ${holdsBack})))
      ), lines as (
        select organization_id, count(*) as length from publication_changes
        where enqueued_until >= statement_timestamp() and lease_until is null group by organization_id
      ), picked as (
        select c.id, w.platform, least(${jobPriorityMax}, coalesce(l.length, 0) + w.place)::int as priority
        from wanting w join publication_changes c on c.id = w.id left join lines l on l.organization_id = w.organization_id
        where ${isFree}
        order by w.place, w.due_at nulls first, c.id limit ${batchMax} for update of c skip locked
      )
      update publication_changes c set generation = c.generation + 1, due_at = coalesce(c.due_at, clock_timestamp()),
        enqueued_until = clock_timestamp() + ${enqueuedForMs} * interval '1 millisecond'
      from picked where picked.id = c.id
      returning c.id as "publicationId", picked.platform, c.generation, 0::float8 as "delayMs", picked.priority`,
  );
}
