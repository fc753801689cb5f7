import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import { channelsFor, StoredEvents } from './preferences.ts';

const chosenColumns = { organizationId: column.text, userId: column.text, events: StoredEvents };

/** Says for a notification which members do not want it in the app, or only once a day. */
export async function readHiddenFrom(
  tx: Transaction,
  organizationIds: readonly string[],
): Promise<(notification: { readonly organizationId: string; readonly kind: string }) => string[]> {
  const chosen =
    organizationIds.length === 0
      ? []
      : await queryRows(tx, chosenColumns)`
          select organization_id as "organizationId", user_id as "userId", events from notification_preferences
          where organization_id = any(${sql.param([...organizationIds])}::text[]) and events <> '{}'`;
  return ({ organizationId, kind }) =>
    chosen.flatMap((one) =>
      one.organizationId === organizationId && channelsFor(kind, one.events).inApp !== 'now' ? [one.userId] : [],
    );
}
