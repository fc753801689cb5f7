import { WebhookEvent } from '@vibetribe/contracts/webhook';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { CoreDependencies } from '../core-dependencies.ts';
import { type LoggedEvent, readEvents } from '../events/read-events.ts';
import { publicationsOfPosts } from '../posts/store/publications-of-posts.ts';
import { nameFor, webhookMessage } from './webhook-message.ts';

/** Messages of a batch are in memory together, for each webhook that asked. */
const batchMax = 100;

/**
 * Makes the deliveries of the next events of the log. The position moves in the same transaction, under its row's lock: whatever dies,
 * each event becomes a delivery of each webhook that asked for it, once.
 * @returns whether there is more to do at once
 */
export async function feedWebhooks({ db }: Pick<CoreDependencies, 'db'>): Promise<boolean> {
  return db.asWorker(async (tx) => {
    const [feed] = await queryRows(tx, { position: column.number })`
      select position::float8 as position from webhook_feed for update skip locked`;
    if (feed === undefined) return false;
    const { events, hasMore } = await readEvents(tx, { afterId: feed.position, limit: batchMax });
    const last = events.at(-1);
    if (last === undefined) return false;
    await addDeliveries(tx, events);
    await tx.execute(sql`update webhook_feed set position = ${last.cursor.id}`);
    return hasMore;
  });
}

const fedColumns = {
  id: column.text,
  organizationId: column.text,
  events: z.array(WebhookEvent),
  isOff: column.boolean,
  nextSequence: column.number,
  createdAtMs: column.number,
};
type FedWebhook = RowOf<typeof fedColumns>;

async function addDeliveries(tx: Transaction, events: readonly LoggedEvent[]): Promise<void> {
  const organizationIds = [...new Set(events.map(({ organizationId }) => organizationId))];
  const webhooks = await queryRows(tx, fedColumns)`
    select id, organization_id as "organizationId", events, disabled_at is not null as "isOff", next_sequence::float8 as "nextSequence",
      extract(epoch from created_at)::float8 * 1000 as "createdAtMs"
    from webhooks where organization_id = any(${sql.param(organizationIds)}::text[])
    order by id for no key update`;
  const asked = webhooks
    .map((webhook) => ({ webhook, told: toldTo(webhook, events) }))
    .filter(({ told }) => told.length > 0);
  if (asked.length === 0) return;
  const sent = asked.filter(({ webhook }) => !webhook.isOff);
  const posts = new Map(
    sent.flatMap(({ told }) =>
      told.flatMap(({ event }) => (event.postId === null ? [] : [[event.postId, event.organizationId] as const])),
    ),
  );
  const publications = await publicationsOfPosts(tx, posts);
  const deliveries = sent.flatMap(({ webhook, told }) =>
    told.map(({ event, name }, index) => {
      const sequence = webhook.nextSequence + index;
      const payload = webhookMessage(event, { name, sequence, rows: publications.get(event.postId ?? '') ?? [] });
      return { id: newId('delivery'), webhookId: webhook.id, sequence, type: name, payload };
    }),
  );
  // What one that is off would have been sent is counted, so that its receiver sees the gap.
  const counted = asked.map(({ webhook, told }) => ({ id: webhook.id, next: webhook.nextSequence + told.length }));
  await tx.execute(sql`
    with made as (
      insert into webhook_deliveries (id, organization_id, webhook_id, sequence, type, payload, next_attempt_at)
      select d.id, w.organization_id, w.id, d.sequence, d.type, d.payload, clock_timestamp()
      from jsonb_to_recordset(${JSON.stringify(deliveries)}::jsonb) as d(id text, "webhookId" text, sequence bigint, type text, payload text)
      join webhooks w on w.id = d."webhookId"
    )
    update webhooks w set next_sequence = c.next from jsonb_to_recordset(${JSON.stringify(counted)}::jsonb) as c(id text, next bigint)
    where w.id = c.id`);
}

/** What a webhook is to be told: nothing that happened before it was made. */
function toldTo(webhook: FedWebhook, events: readonly LoggedEvent[]): { event: LoggedEvent; name: string }[] {
  return events.flatMap((event) => {
    if (event.organizationId !== webhook.organizationId || event.at.getTime() < webhook.createdAtMs) return [];
    const name = nameFor(event.type, webhook.events);
    return name === null ? [] : [{ event, name }];
  });
}
