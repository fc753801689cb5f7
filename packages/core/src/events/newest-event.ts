import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import type { EventCursor } from './event-cursor.ts';

/** Differs between two events that had the same id, one of them before a backup was restored: the microseconds of their minutes. */
export const checkOf = sql`extract(microseconds from e.at)::int`;

/** The committed event with the highest id; null: there is none. */
export async function readNewest(tx: Transaction): Promise<EventCursor | null> {
  const rows = await queryRows(tx, { eventId: column.number, check: column.number })`
    select e.id::float8 as "eventId", ${checkOf} as "check" from events e order by e.id desc limit 1`;
  const [row] = rows;
  return row === undefined ? null : { id: row.eventId, check: row.check };
}

/** Whether the event is in the log, or was deleted since: a trigger notes the highest id of each deletion. */
export async function isThere(tx: Transaction, { id, check }: EventCursor): Promise<boolean> {
  const rows = await queryRows(tx, { isThere: column.boolean })`
    select exists (select 1 from events e where e.id = ${id}::bigint and ${checkOf} = ${check}::int)
      or cleaned_to >= ${id}::bigint as "isThere" from event_log`;
  return rows[0]?.isThere ?? true;
}
