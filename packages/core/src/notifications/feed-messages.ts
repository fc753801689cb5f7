import { newId } from '@vibetribe/db/new-id';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { CoreDependencies } from '../core-dependencies.ts';
import { readEvents } from '../events/read-events.ts';
import { channelsFor, StoredEvents, StoredQuietHours } from './preferences.ts';
import { sendTimeMs } from './send-time.ts';

type FeedDependencies = Pick<CoreDependencies, 'db' | 'clock'>;

export interface FeedSettings {
  /** Whether mail can be sent at all. */
  readonly sendsMail: boolean;
  /** How long what has the same cause is collected, ms. */
  readonly collectMs: number;
}

const batchMax = 200;
/** What one message quotes; the rest is counted. */
export const entriesMax = 20;
/** After a message further ones of the same cause are collected for so long. */
const pauseMinutes = 15;

const toldColumns = {
  organizationId: column.text,
  kind: column.text,
  title: column.text,
  body: column.text,
  platform: column.textOrNull,
  server: column.textOrNull,
};
type Told = RowOf<typeof toldColumns>;

const memberColumns = {
  organizationId: column.text,
  userId: column.text,
  events: StoredEvents.nullable(),
  quietHours: StoredQuietHours,
  hasWebhook: z.boolean(),
};

/**
 * Makes messages of the next notifications, for each member as they want them. The position moves with them, and only from where it was
 * read: whatever dies, each notification becomes part of one message for each person and channel.
 * @returns whether there is more to do at once
 */
export async function feedMessages(deps: FeedDependencies, settings: FeedSettings): Promise<boolean> {
  const { position, last, hasMore, told } = await deps.db.asWorker(async (tx) => {
    const [feed] = await queryRows(tx, {
      position: column.number,
    })`select position::float8 as position from notification_feed`;
    const page = await readEvents(tx, { afterId: feed?.position ?? 0, limit: batchMax });
    const ids = page.events.flatMap(({ type, data }) =>
      type === 'notification.created' ? [String(data['notificationId'])] : [],
    );
    const found =
      ids.length === 0
        ? []
        : await queryRows(tx, toldColumns)`
            select organization_id as "organizationId", kind, title, body, data->>'platform' as platform, data->>'server' as server
            from notifications where id = any(${sql.param(ids)}::text[]) order by created_at, id`;
    return { position: feed?.position ?? 0, last: page.events.at(-1)?.cursor.id, hasMore: page.hasMore, told: found };
  });
  if (last === undefined) return false;
  const messages = await messagesFor(deps, settings, told);
  await deps.db.asWorker(async (tx) => {
    // Locked last of all that is read: who comes second finds it moved.
    const { rowCount } = await tx.execute(
      sql`update notification_feed set position = ${last} where position = ${position}::bigint`,
    );
    if (rowCount !== 1 || messages.length === 0) return;
    await tx.execute(sql`
      insert into notification_messages as m (id, organization_id, user_id, channel, cause, entries, count, due_at)
      select n.id, n."organizationId", n."userId", n.channel, n.cause, n.entries, n.count, greatest(
        to_timestamp(n."dueAtMs" / 1000),
        (select max(s.ended_at) from notification_messages s where s.organization_id = n."organizationId" and s.user_id = n."userId"
          and s.channel = n.channel and s.cause = n.cause and s.status = 'sent') + make_interval(mins => ${pauseMinutes}::int))
      from jsonb_to_recordset(${JSON.stringify(messages)}::jsonb) as n(
        id text, "organizationId" text, "userId" text, channel text, cause text, entries jsonb, count int, "dueAtMs" float8)
      join organizations o on o.id = n."organizationId"
      order by 2, 3, 4, 5
      on conflict (organization_id, user_id, channel, cause) where status = 'collecting' do update set count = m.count + excluded.count,
        entries = case when jsonb_array_length(m.entries) < ${entriesMax} then m.entries || excluded.entries else m.entries end`);
  });
  return hasMore;
}

interface Message {
  readonly id: string;
  readonly organizationId: string;
  readonly userId: string;
  readonly channel: 'email' | 'webhook';
  readonly cause: string;
  readonly entries: { kind: string; title: string; body: string }[];
  count: number;
  readonly dueAtMs: number;
}

async function messagesFor(
  { db, clock }: FeedDependencies,
  { sendsMail, collectMs }: FeedSettings,
  told: readonly Told[],
): Promise<Message[]> {
  if (told.length === 0) return [];
  const organizationIds = [...new Set(told.map(({ organizationId }) => organizationId))];
  const members = await db.asIdentity(
    (tx) => queryRows(tx, memberColumns)`
      select m.organization_id as "organizationId", m.user_id as "userId", p.events, p.quiet_hours as "quietHours",
        p.webhook_sealed is not null as "hasWebhook"
      from memberships m left join notification_preferences p on p.organization_id = m.organization_id and p.user_id = m.user_id
      where m.organization_id = any(${sql.param(organizationIds)}::text[])`,
  );
  const nowMs = clock.now().getTime();
  const messages = new Map<string, Message>();
  for (const notification of told) {
    for (const member of members) {
      if (member.organizationId !== notification.organizationId) continue;
      const channels = channelsFor(notification.kind, member.events ?? {});
      for (const channel of ['email', 'webhook'] as const) {
        const time = channels[channel];
        if (time === 'off' || (channel === 'email' ? !sendsMail : !member.hasWebhook)) continue;
        const { organizationId, userId, quietHours } = member;
        const cause = time === 'daily' ? 'daily' : causeOf(notification);
        const key = JSON.stringify([organizationId, userId, channel, cause]);
        const { kind, title, body } = notification;
        const message = messages.get(key);
        if (message === undefined) {
          const dueAtMs = sendTimeMs(time, { nowMs, collectMs, quietHours });
          messages.set(key, {
            id: newId('message'),
            organizationId,
            userId,
            channel,
            cause,
            entries: [{ kind, title, body }],
            count: 1,
            dueAtMs,
          });
        } else {
          message.count += 1;
          if (message.entries.length < entriesMax) message.entries.push({ kind, title, body });
        }
      }
    }
  }
  return [...messages.values()];
}

/** What goes wrong in one way with one platform, or with one server of it. */
function causeOf({ kind, platform, server }: Told): string {
  return [kind, server ?? platform ?? ''].join(':');
}
