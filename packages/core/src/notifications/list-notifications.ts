import type { Notification } from '@vibetribe/contracts/notification';
import type { Database } from '@vibetribe/db/connect-database';
import { notifications } from '@vibetribe/db/schema/events';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { and, desc, eq, isNull, not, sql, type SQL } from 'drizzle-orm';
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
    const hidden = await hiddenFrom(tx, actor);
    return tx
      .select({
        id: notifications.id,
        kind: notifications.kind,
        title: notifications.title,
        body: notifications.body,
        data: notifications.data,
        createdAt: notifications.createdAt,
        readAt: notifications.readAt,
        cursorAt: sql<string>`${notifications.createdAt}::text`,
      })
      .from(notifications)
      .where(
        and(
          eq(notifications.organizationId, actor.organizationId),
          unreadOnly ? isNull(notifications.readAt) : undefined,
          withinLimits(actor),
          hidden === undefined ? undefined : not(hidden),
          after === null
            ? undefined
            : sql`(${notifications.createdAt}, ${notifications.id}) < (${after.createdAt}::timestamptz, ${after.id})`,
        ),
      )
      .orderBy(desc(notifications.createdAt), desc(notifications.id))
      .limit(limit + 1);
  });
  const { items, hasMore } = cutPage(rows, limit);
  const last = hasMore ? items.at(-1) : undefined;
  return {
    items: items.map(presentNotification),
    next: last === undefined ? null : { createdAt: last.cursorAt, id: last.id },
  };
}

/** What a person has switched off in the app, and what is for the next daily time. */
async function hiddenFrom(tx: Transaction, { organizationId, userId, scopes }: Actor): Promise<SQL | undefined> {
  if (userId === null || scopes !== null) return undefined;
  const [row] = await queryRows(tx, { events: StoredEvents, quietHours: StoredQuietHours, nowMs: column.number })`
    select events, quiet_hours as "quietHours", floor(extract(epoch from now()) * 1000)::float8 as "nowMs"
    from notification_preferences where organization_id = ${organizationId} and user_id = ${userId}`;
  if (row === undefined) return undefined;
  const kindsAt = (time: string) =>
    NotificationKind.options.filter((kind) => channelsFor(kind, row.events).inApp === time);
  const shownTo = new Date(lastDailyMs(row.nowMs, row.quietHours?.timezone ?? 'UTC')).toISOString();
  return sql`(${notifications.kind} = any(${sql.param(kindsAt('off'))}::text[])
    or ${notifications.kind} = any(${sql.param(kindsAt('daily'))}::text[]) and ${notifications.createdAt} >= ${shownTo}::timestamptz)`;
}

/** A key limited to some accounts is told of those only. */
export function withinLimits({ accountIds }: Pick<Actor, 'accountIds'>) {
  if (accountIds === null) return undefined;
  return sql`${notifications.data}->>'accountId' = any(${sql.param(accountIds)}::text[])`;
}

type NotificationRow = Omit<typeof notifications.$inferSelect, 'organizationId'>;

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
