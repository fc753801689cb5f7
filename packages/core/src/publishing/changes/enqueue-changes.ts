import { PlatformId } from '@vibetribe/contracts/platform-id';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
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
 * something that has come. Few are open at a time. They go before posts: somebody waits for them.
 */
export async function enqueueChanges(
  deps: Pick<CoreDependencies, 'db' | 'failpoints'>,
  { enqueuedForMs }: { readonly enqueuedForMs: number },
): Promise<DueChange[]> {
  const lostToo = deps.failpoints.has('sweeper');
  return deps.db.asWorker(
    (tx) => queryRows(tx, dueChangeColumns)`
      with picked as (
        select c.id, p.platform from publication_changes c
        join publications p on p.id = c.publication_id
        join accounts a on a.id = p.account_id
        join grants g on g.id = a.grant_id
        where (c.lease_until is null or ${lostToo} and c.lease_until < statement_timestamp())
          and (c.enqueued_until is null or ${lostToo} and c.enqueued_until < statement_timestamp())
          and (c.due_at <= statement_timestamp() or c.due_at is null and (
            a.status = 'disconnected'
            or c.waiting_reason = 'token' and a.status = 'active' and g.dead_at is null
            or c.waiting_reason = 'paused' and not exists (select 1 from pauses s where ${holdsBack})))
        order by c.due_at nulls first, c.id limit ${batchMax} for update of c skip locked
      )
      update publication_changes c set generation = c.generation + 1, due_at = coalesce(c.due_at, clock_timestamp()),
        enqueued_until = clock_timestamp() + ${enqueuedForMs} * interval '1 millisecond'
      from picked where picked.id = c.id
      returning c.id as "publicationId", picked.platform, c.generation, 0::float8 as "delayMs", 0 as priority`,
  );
}
