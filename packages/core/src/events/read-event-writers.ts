import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';

/** A transaction that has written events and is not over: what is committed after its first event waits for its end. */
const eventWriterColumns = {
  /** Of the server's process: `pg_terminate_backend(pid)` ends it. */
  pid: column.number,
  /** What the database does not let us see is null. */
  application: column.textOrNull,
  openForMs: column.numberOrNull,
};
export type EventWriter = RowOf<typeof eventWriterColumns>;

const shownMax = 5;

/** Those who write events now, the oldest first. The rest of the transaction has the login's own role, which may see the service's sessions. */
export async function readEventWriters(tx: Transaction): Promise<EventWriter[]> {
  await tx.execute(sql`select set_config('role', 'none', true)`);
  const rows = await queryRows(tx, eventWriterColumns)`
    select l.pid, nullif(a.application_name, '') as application,
      floor(extract(epoch from clock_timestamp() - a.xact_start) * 1000)::float8 as "openForMs"
    from pg_locks l left join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory' and l.classid = 'events'::regclass::oid and l.objsubid = 2
      and l.database = (select oid from pg_database where datname = current_database())
    group by l.pid, a.application_name, a.xact_start
    order by a.xact_start nulls last limit ${shownMax}`;
  return rows;
}
