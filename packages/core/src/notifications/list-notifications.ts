import type { Notification } from '@vibetribe/contracts/notification';
import type { Database } from '@vibetribe/db/connect-database';
import { notifications } from '@vibetribe/db/schema/events';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { isoInstant } from '@vibetribe/db/iso-instant';
import { sql, type SQL } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { cutPage } from '../cut-page.ts';
import { requireRight } from '../identity/authorize.ts';
import { NotificationKind } from '@vibetribe/contracts/notification';
import { channelsFor, StoredEvents, StoredQuietHours } from './preferences.ts';
import { lastDailyMs } from './send-time.ts';

/** Where a page ended: the microsecond a notification was made, as the database writes it, and its id. */
export interface NotificationCursor {
  readonly createdAt: string;
  readonly id: string;
}

/** The organization's notifications as the member wants to see them, newest first, after the cursor given. */
export async function listNotifications(
  deps: { readonly db: Database },
  actor: Actor,
  { limit, after, unreadOnly }: { limit: number; after: NotificationCursor | null; unreadOnly: boolean },
): Promise<{ items: Notification[]; next: NotificationCursor | null }> {
  requireRight(actor, 'notifications:read');
  const rows = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const conditions = sql.join(
      [
        sql`n.organization_id = ${actor.organizationId}`,
        ...(unreadOnly ? [sql`n.read_at is null`] : []),
        ...(after === null ? [] : [sql`(n.created_at, n.id) < (${after.createdAt}::timestamptz, ${after.id})`]),
      ],
      sql` and `,
    );
    const found = sql`
      select n.id, n.kind, n.title, n.body, n.data, n.created_at, n.read_at from notifications n where ${conditions}`;
    const hidden = await hiddenFrom(tx, actor);
    const page = sql`order by created_at desc, id desc limit ${limit + 1}`;
    return queryRows(tx, notificationColumns)`
      select id, kind, title, body, data, ${isoInstant('created_at')} as "createdAt", ${isoInstant('read_at')} as "readAt",
        created_at::text as "cursorAt"
      from (${waysTo(found, page, actor, { hidden, unreadOnly })}) shown ${page}`;
  });
  const { items, hasMore } = cutPage(rows, limit);
  const last = hasMore ? items.at(-1) : undefined;
  return {
    items: items.map(({ cursorAt: _at, ...notification }) => notification),
    next: last === undefined ? null : { createdAt: last.cursorAt, id: last.id },
  };
}

const notificationColumns = {
  id: column.text,
  kind: column.text,
  title: column.text,
  body: column.text,
  data: column.json<Notification['data']>(),
  createdAt: column.text,
  readAt: column.textOrNull,
  cursorAt: column.text,
};

/** By account or by kind where much may have to be left out: each by its own part of an index, however many the others are. */
function waysTo(
  found: SQL,
  page: SQL,
  { organizationId, accountIds }: Actor,
  { hidden, unreadOnly }: { readonly hidden: SQL | undefined; readonly unreadOnly: boolean },
): SQL {
  if (accountIds !== null)
    return sql`
      select each.* from unnest(${sql.param([...new Set(accountIds)])}::text[]) account(id)
      cross join lateral (${found} and n.account_id = account.id ${hidden === undefined ? sql`` : sql`and not ${hidden}`} ${page}) each`;
  if (hidden === undefined && !unreadOnly) return sql`${found} ${page}`;
  const unread = unreadOnly ? sql`and k.read_at is null` : sql``;
  const next = (where: SQL) => sql`
    select min(k.kind) from notifications k where k.organization_id = ${organizationId} ${unread} ${where}`;
  return sql`
    with recursive kinds as (
      select (${next(sql``)}) as kind union all select (${next(sql`and k.kind > kinds.kind`)}) from kinds where kinds.kind is not null)
    select each.* from kinds
    cross join lateral (${found} and n.kind = kinds.kind ${hidden === undefined ? sql`` : sql`and not ${hidden}`} ${page}) each
    where kinds.kind is not null`;
}

/** What a person has switched off in the app, and what is for the next daily time: of `notifications n`. */
async function hiddenFrom(tx: Transaction, { organizationId, userId, scopes }: Actor): Promise<SQL | undefined> {
  if (userId === null || scopes !== null) return undefined;
  const [row] = await queryRows(tx, { events: StoredEvents, quietHours: StoredQuietHours, nowMs: column.number })`
    select events, quiet_hours as "quietHours", floor(extract(epoch from now()) * 1000)::float8 as "nowMs"
    from notification_preferences where organization_id = ${organizationId} and user_id = ${userId}`;
  if (row === undefined) return undefined;
  const kindsAt = (time: string) =>
    NotificationKind.options.filter((kind) => channelsFor(kind, row.events).inApp === time);
  const shownTo = new Date(lastDailyMs(row.nowMs, row.quietHours?.timezone ?? 'UTC')).toISOString();
  return sql`(n.kind = any(${sql.param(kindsAt('off'))}::text[])
    or n.kind = any(${sql.param(kindsAt('daily'))}::text[]) and n.created_at >= ${shownTo}::timestamptz)`;
}

/** A key limited to some accounts is told of those only. */
export function withinLimits({ accountIds }: Pick<Actor, 'accountIds'>) {
  if (accountIds === null) return undefined;
  return sql`${notifications.data}->>'accountId' = any(${sql.param(accountIds)}::text[])`;
}

type NotificationRow = Omit<typeof notifications.$inferSelect, 'organizationId' | 'accountId'>;

export function presentNotification(row: NotificationRow): Notification {
  return {
    id: row.id,
    kind: row.kind,
    title: row.title,
    body: row.body,
    data: row.data,
    createdAt: row.createdAt.toISOString(),
    readAt: row.readAt?.toISOString() ?? null,
  };
}
