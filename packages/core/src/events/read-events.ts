import { z } from 'zod';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { EventType } from '@vibetribe/contracts/event-type';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql, type SQL } from 'drizzle-orm';
import type { EventCursor } from './event-cursor.ts';
import { checkOf } from './newest-event.ts';

export interface LoggedEvent {
  readonly cursor: EventCursor;
  readonly organizationId: string;
  readonly postId: string | null;
  readonly publicationId: string | null;
  readonly type: EventType;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

export interface EventPage {
  /** In order, and without a gap: no event can appear before the last of them any more. */
  readonly events: LoggedEvent[];
  /** The page is full. */
  readonly hasMore: boolean;
  /** Some are committed but wait for a transaction that has begun to write events before them. */
  readonly isHeldUp: boolean;
  /** The clean-up has deleted events up to this id: after a lower one, some may be missing. */
  readonly cleanedTo: number;
}

const eventRowColumns = {
  eventId: column.number,
  check: column.number,
  organizationId: column.text,
  postId: column.textOrNull,
  publicationId: column.textOrNull,
  type: EventType,
  message: column.text,
  data: z.record(z.string(), z.unknown()),
  at: column.text,
};
type EventRow = RowOf<typeof eventRowColumns>;

/** The next events of the log. `organizationId`: of this organization alone. */
export async function readEvents(
  tx: Transaction,
  {
    afterId,
    limit,
    organizationId,
  }: { readonly afterId: number; readonly limit: number; readonly organizationId?: string },
): Promise<EventPage> {
  // Each statement sees what was committed when it began: the horizon's has to be the earlier one.
  const horizon = queryRows(tx, { horizon: column.text })`
    select set_config('app.event_horizon', event_horizon()::text, true) as horizon`;
  const page = queryRows(tx, eventRowColumns)`
    select e.id::float8 as "eventId", ${checkOf} as "check", e.organization_id as "organizationId", e.post_id as "postId",
      e.publication_id as "publicationId", e.type, e.message, e.data, e.at
    from events e
    where ${ofOrganization(organizationId)} and e.id > ${afterId}::bigint and e.id <= current_setting('app.event_horizon')::bigint
    order by e.id
    limit ${limit}`;
  const log = queryRows(tx, { isHeldUp: column.boolean, cleanedTo: column.number })`
    select exists (select 1 from events e where e.id > current_setting('app.event_horizon')::bigint) as "isHeldUp",
      cleaned_to::float8 as "cleanedTo" from event_log`;
  const [, rows, logs] = await Promise.all([horizon, page, log]);
  return {
    events: rows.map(eventOf),
    hasMore: rows.length === limit,
    isHeldUp: logs[0]?.isHeldUp ?? false,
    cleanedTo: logs[0]?.cleanedTo ?? 0,
  };
}

/** The end of what can be read now: everything up to it could have been read, nothing after it. */
export async function readHorizon(tx: Transaction): Promise<number> {
  const rows = await queryRows(tx, { horizon: column.number })`select event_horizon()::float8 as horizon`;
  const [row] = rows;
  if (row === undefined) throw new Error('the event horizon could not be read');
  return row.horizon;
}

/** The organization's last event up to `horizon`, as a position to read on from; `horizon` itself where there is none. */
export async function readPosition(tx: Transaction, organizationId: string, horizon: number): Promise<EventCursor> {
  const rows = await queryRows(tx, { eventId: column.number, check: column.number })`
    select e.id::float8 as "eventId", ${checkOf} as "check" from events e
    where ${ofOrganization(organizationId)} and e.id <= ${horizon}::bigint order by e.id desc limit 1`;
  const [row] = rows;
  return row === undefined ? { id: horizon, check: null } : { id: row.eventId, check: row.check };
}

/** Whether everything that followed the position can still be read by those who may see its event. */
export async function isKept(tx: Transaction, { id, check, page }: EventCursor): Promise<boolean> {
  const rows = await queryRows(tx, { givenOut: column.number, cleanedTo: column.number, isThere: column.boolean })`
    select last_event_id()::float8 as "givenOut", cleaned_to::float8 as "cleanedTo",
      exists (select 1 from events e where e.id = ${id}::bigint and ${checkOf} = ${check}::int) as "isThere"
    from event_log`;
  const [row] = rows;
  if (row === undefined || (page?.fromId ?? id) < row.cleanedTo) return false;
  return check === null ? id <= row.givenOut : row.isThere;
}

/** Row-level security says the same, but the planner does not know which organization it will be. */
function ofOrganization(organizationId: string | undefined): SQL {
  return organizationId === undefined ? sql`true` : sql`e.organization_id = ${organizationId}`;
}

function eventOf({ eventId, check, at, ...row }: EventRow): LoggedEvent {
  return {
    cursor: { id: eventId, check },
    organizationId: row.organizationId,
    postId: row.postId,
    publicationId: row.publicationId,
    type: row.type,
    message: row.message,
    data: row.data,
    at: new Date(at),
  };
}
