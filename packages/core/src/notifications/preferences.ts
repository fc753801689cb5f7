import {
  type NotificationChannels,
  NotificationKind,
  type NotificationPreferences,
  NotificationTime,
  type PutNotificationPreferences,
  QuietHours,
} from '@vibetribe/contracts/notification';
import { newId } from '@vibetribe/db/new-id';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { CoreDependencies } from '../core-dependencies.ts';
import type { AuthenticatedActor } from '../identity/authenticated-actor.ts';
import { requireSession } from '../identity/list-sessions.ts';
import { requireAddress } from '../webhooks/webhook-address.ts';
import { sealMessageAddress } from './message-address.ts';

type PreferenceDependencies = Pick<CoreDependencies, 'db' | 'keyRing'> & {
  readonly isAllowedHost: (host: string, port: number) => Promise<boolean>;
};

/** What is stored: what differs from the defaults. */
export const StoredEvents = z.partialRecord(
  NotificationKind,
  z.object({ inApp: NotificationTime, email: NotificationTime, webhook: NotificationTime }).partial(),
);
export type StoredEvents = z.infer<typeof StoredEvents>;
export const StoredQuietHours = QuietHours.nullable();

const now: NotificationChannels = { inApp: 'now', email: 'now', webhook: 'now' };
const skipped: NotificationChannels = { inApp: 'now', email: 'daily', webhook: 'daily' };

/** @param kind an unknown one is told as the rest */
export function channelsFor(kind: string, events: StoredEvents): NotificationChannels {
  const known = NotificationKind.safeParse(kind);
  if (!known.success) return now;
  // What somebody decided once is no news.
  const usual = known.data === 'publication_skipped' ? skipped : now;
  const chosen = events[known.data];
  return {
    inApp: chosen?.inApp ?? usual.inApp,
    email: chosen?.email ?? usual.email,
    webhook: chosen?.webhook ?? usual.webhook,
  };
}

const preferenceColumns = {
  events: StoredEvents,
  quietHours: StoredQuietHours,
  webhookHost: column.textOrNull,
  webhookError: column.textOrNull,
};

/** The actor's own, in this organization. @throws DomainError `forbidden` for an API key */
export async function getPreferences(
  { db }: Pick<PreferenceDependencies, 'db'>,
  actor: AuthenticatedActor,
): Promise<NotificationPreferences> {
  const { userId } = requireSession(actor);
  const [row] = await db.asTenant(
    actor.organizationId,
    (tx) => queryRows(tx, preferenceColumns)`
      select events, quiet_hours as "quietHours", webhook_host as "webhookHost", webhook_error as "webhookError"
      from notification_preferences where organization_id = ${actor.organizationId} and user_id = ${userId}`,
  );
  const events = Object.fromEntries(
    NotificationKind.options.map((kind) => [kind, channelsFor(kind, row?.events ?? {})]),
  ) as NotificationPreferences['events'];
  const host = row?.webhookHost ?? null;
  return {
    events,
    quietHours: row?.quietHours ?? null,
    webhook: host === null ? null : { host, error: row?.webhookError ?? null },
  };
}

/** Replaces them; an address that is not given stays. @throws DomainError `forbidden` for an API key, `validation_failed` */
export async function putPreferences(
  deps: PreferenceDependencies,
  actor: AuthenticatedActor,
  { events, quietHours = null, webhookUrl }: PutNotificationPreferences,
): Promise<NotificationPreferences> {
  const { userId } = requireSession(actor);
  const { organizationId } = actor;
  if (typeof webhookUrl === 'string') await requireAddress(deps, webhookUrl, 'webhookUrl');
  const sealed =
    typeof webhookUrl === 'string' ? sealMessageAddress(deps.keyRing, { organizationId, userId }, webhookUrl) : null;
  const host = typeof webhookUrl === 'string' ? new URL(webhookUrl).host : null;
  await deps.db.asTenant(organizationId, (tx) =>
    tx.execute(sql`
      insert into notification_preferences as p (id, organization_id, user_id, events, quiet_hours, webhook_sealed, webhook_host)
      values (${newId('preferences')}, ${organizationId}, ${userId}, ${JSON.stringify(events)}::jsonb,
        ${quietHours === null ? null : JSON.stringify(quietHours)}::jsonb, ${sealed}, ${host})
      on conflict (organization_id, user_id) do update set events = excluded.events, quiet_hours = excluded.quiet_hours,
        webhook_sealed = case when ${webhookUrl === undefined} then p.webhook_sealed else excluded.webhook_sealed end,
        webhook_host = case when ${webhookUrl === undefined} then p.webhook_host else excluded.webhook_host end,
        webhook_error = case when ${webhookUrl === undefined} then p.webhook_error end, updated_at = clock_timestamp()`),
  );
  return getPreferences(deps, actor);
}
