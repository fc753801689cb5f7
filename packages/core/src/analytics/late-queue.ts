import { column, queryRows } from '@vibetribe/db/query-rows';
import type { CoreDependencies } from '../core-dependencies.ts';

/** Longer than a publisher needs to notice what is due. */
const lateAfterSeconds = 20;

/** Whether publications wait although their time has come: then nothing else is asked of the platforms. */
export async function isQueueLate({ db }: Pick<CoreDependencies, 'db'>): Promise<boolean> {
  const [row] = await db.asWorker(
    (tx) =>
      queryRows(tx, { isLate: column.boolean })`
      select exists (
        select 1 from publications
        where due_at < statement_timestamp() - make_interval(secs => ${lateAfterSeconds}) and lease_until is null and enqueued_until is null
      ) or exists (
        select 1 from publications
        where due_at < statement_timestamp() - make_interval(secs => ${lateAfterSeconds}) and lease_until is null and enqueued_until is not null
      ) as "isLate"`,
  );
  return row?.isLate === true;
}
