import type { Notification } from '@vibetribe/contracts/notification';
import type { Database } from '@vibetribe/db/connect-database';
import { notifications } from '@vibetribe/db/schema/events';
import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { cutPage } from '../cut-page.ts';
import { requireRight } from '../identity/authorize.ts';

/** Where a page ended: the microsecond a notification was made, as the database writes it, and its id. */
export interface NotificationCursor {
  readonly createdAt: string;
  readonly id: string;
}

/** The organization's notifications, newest first, after the cursor given. */
export async function listNotifications(
  deps: { readonly db: Database },
  actor: Actor,
  { limit, after, unreadOnly }: { limit: number; after: NotificationCursor | null; unreadOnly: boolean },
): Promise<{ items: Notification[]; next: NotificationCursor | null }> {
  requireRight(actor, 'notifications:read');
  const rows = await deps.db.asTenant(actor.organizationId, (tx) =>
    tx
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
          after === null
            ? undefined
            : sql`(${notifications.createdAt}, ${notifications.id}) < (${after.createdAt}::timestamptz, ${after.id})`,
        ),
      )
      .orderBy(desc(notifications.createdAt), desc(notifications.id))
      .limit(limit + 1),
  );
  const { items, hasMore } = cutPage(rows, limit);
  const last = hasMore ? items.at(-1) : undefined;
  return {
    items: items.map(presentNotification),
    next: last === undefined ? null : { createdAt: last.cursorAt, id: last.id },
  };
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
