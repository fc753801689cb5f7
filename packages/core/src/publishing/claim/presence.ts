import { column, type RowOf } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';

/** Publishers that claimed nothing for longer than this were away, or had nothing to do, ms. */
const absenceMinMs = 60_000;
const noteEveryMs = 5_000;

/** What the database knows of the service's publishers, all together. Null: nothing yet. */
export const presenceShape = { seenAtMs: column.numberOrNull, backAtMs: column.numberOrNull };
export type Presence = RowOf<typeof presenceShape>;

/** When publishers were last back, counting this moment. */
export function backAtMsOf({ seenAtMs, backAtMs }: Presence, nowMs: number): number {
  return seenAtMs === null || backAtMs === null || nowMs - seenAtMs > absenceMinMs ? nowMs : backAtMs;
}

/** Whether a post was due for so long while nobody claimed anything: it is late because the service was away, not because it is busy. */
export function wasLeftAlone(scheduledAtMs: number | null, backAtMs: number): boolean {
  return scheduledAtMs !== null && scheduledAtMs + absenceMinMs < backAtMs;
}

/** Columns for a `select`. */
export const presenceColumns = sql.raw(`
  (select floor(extract(epoch from seen_at) * 1000)::float8 from publisher_presence) as "seenAtMs",
  (select floor(extract(epoch from back_at) * 1000)::float8 from publisher_presence) as "backAtMs"`);

/** To be called last in a claim's transaction: whoever else claims now may wait for it. */
export async function notePresence(tx: Transaction, presence: Presence, nowMs: number): Promise<void> {
  if (presence.seenAtMs !== null && nowMs - presence.seenAtMs < noteEveryMs) return;
  await tx.execute(sql`
    insert into publisher_presence as p (seen_at, back_at) values (statement_timestamp(), statement_timestamp())
    on conflict (id) do update set
      back_at = case when p.seen_at < excluded.seen_at - ${absenceMinMs} * interval '1 millisecond' then excluded.back_at else p.back_at end,
      seen_at = greatest(p.seen_at, excluded.seen_at)`);
}
