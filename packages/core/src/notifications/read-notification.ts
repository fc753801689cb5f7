import type { Notification } from '@vibetribe/contracts/notification';
import type { Database } from '@vibetribe/db/connect-database';
import { notifications } from '@vibetribe/db/schema/events';
import { and, eq, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { notFound } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import { presentNotification, withinLimits } from './list-notifications.ts';

/** Marks a notification as read, for everyone in the organization; the first time stays. @throws DomainError `not_found` */
export async function readNotification(
  deps: { readonly db: Database },
  actor: Actor,
  { notificationId }: { readonly notificationId: string },
): Promise<Notification> {
  requireRight(actor, 'notifications:mark');
  const [row] = await deps.db.asTenant(actor.organizationId, (tx) =>
    tx
      .update(notifications)
      .set({ readAt: sql`coalesce(${notifications.readAt}, now())` })
      .where(and(eq(notifications.id, notificationId), withinLimits(actor)))
      .returning(),
  );
  if (row === undefined) throw notFound('notification');
  return presentNotification(row);
}
