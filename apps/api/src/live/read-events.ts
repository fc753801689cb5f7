import type { EventType } from '@vibetribe/contracts/event-type';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { EventCursor } from './event-cursor.ts';

export interface LoggedEvent {
  readonly cursor: EventCursor;
  readonly organizationId: string;
  readonly postId: string | null;
  readonly publicationId: string | null;
  readonly type: EventType;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: string;
}

interface EventRow extends Record<string, unknown> {
  transactionId: string;
  eventId: string;
  organizationId: string;
  postId: string | null;
  publicationId: string | null;
  type: EventType;
  data: Record<string, unknown>;
  at: Date;
  isReadable: boolean;
}

/**
 * The next events of the log that the transaction may see, in order. Only events behind the oldest running transaction are
 * given: no event can come before those any more. `hasMore`: the page is full. `hasUnreadable`: some are committed but have to
 * wait for an older transaction to end.
 */
export async function readEvents(
  tx: Transaction,
  after: EventCursor,
  limit: number,
): Promise<{ events: LoggedEvent[]; hasMore: boolean; hasUnreadable: boolean }> {
  const { rows } = await tx.execute<EventRow>(sql`
    select transaction_id::text as "transactionId", id::text as "eventId", organization_id as "organizationId", post_id as "postId",
      publication_id as "publicationId", type, data, at,
      transaction_id < pg_snapshot_xmin(pg_current_snapshot()) as "isReadable"
    from events
    where (transaction_id, id) > (${String(after.transactionId)}::xid8, ${String(after.id)}::bigint)
    order by transaction_id, id
    limit ${limit}`);
  const readable = rows.filter((row) => row.isReadable);
  return {
    events: readable.map(eventOf),
    hasMore: readable.length === limit,
    hasUnreadable: readable.length < rows.length,
  };
}

/** The end of what can be read now: everything before it has been readable, nothing after it has. */
export async function readEnd(tx: Transaction): Promise<EventCursor> {
  const { rows } = await tx.execute<{ xmin: string }>(
    sql`select pg_snapshot_xmin(pg_current_snapshot())::text as xmin`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the snapshot could not be read');
  return { transactionId: BigInt(row.xmin), id: 0n };
}

/** Whether the log still has this very event (and so all that followed it), among those the transaction may see. */
export async function isKept(tx: Transaction, cursor: EventCursor): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    select 1 from events
    where transaction_id = ${String(cursor.transactionId)}::xid8 and id = ${String(cursor.id)}::bigint`);
  return rows.length === 1;
}

function eventOf(row: EventRow): LoggedEvent {
  return {
    cursor: { transactionId: BigInt(row.transactionId), id: BigInt(row.eventId) },
    organizationId: row.organizationId,
    postId: row.postId,
    publicationId: row.publicationId,
    type: row.type,
    data: row.data,
    at: new Date(row.at).toISOString(),
  };
}
