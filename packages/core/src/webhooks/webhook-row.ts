import { Webhook, WebhookDelivery, WebhookEvent, WebhookTry } from '@vibetribe/contracts/webhook';
import { isoInstant } from '@vibetribe/db/iso-instant';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Actor } from '../actor.ts';
import { notFound } from '../domain-error.ts';

const webhookColumns = {
  id: column.text,
  url: column.text,
  events: z.array(WebhookEvent),
  description: column.textOrNull,
  disabledBecause: Webhook.shape.disabledBecause,
  lastSuccessAt: column.textOrNull,
  createdAt: column.text,
  updatedAt: column.text,
};

/** Columns of `webhooks w`, for a `select` or a `returning`. */
export const webhookSelection = sql`
  w.id, w.url, w.events, w.description, w.disabled_because as "disabledBecause", ${isoInstant('w.last_success_at')} as "lastSuccessAt",
  ${isoInstant('w.created_at')} as "createdAt", ${isoInstant('w.updated_at')} as "updatedAt"`;

export { webhookColumns };

export function presentWebhook(row: RowOf<typeof webhookColumns>): Webhook {
  return { ...row, enabled: row.disabledBecause === null };
}

/** @throws DomainError `not_found` */
export async function findWebhook(
  tx: Transaction,
  actor: Actor,
  webhookId: string,
  lock: SQL = sql``,
): Promise<Webhook> {
  const [row] = await queryRows(tx, webhookColumns)`
    select ${webhookSelection} from webhooks w
    where w.organization_id = ${actor.organizationId} and w.id = ${webhookId} ${lock}`;
  if (row === undefined) throw notFound('webhook');
  return presentWebhook(row);
}

export const deliveryColumns = {
  id: column.text,
  sequence: column.number,
  type: column.text,
  status: WebhookDelivery.shape.status,
  attempts: column.number,
  nextAttemptAt: column.textOrNull,
  createdAt: column.text,
  deliveredAt: column.textOrNull,
  tries: z.array(WebhookTry),
};

/** Columns of `webhook_deliveries d`. */
export const deliverySelection = sql`
  d.id, d.sequence::float8 as sequence, d.type, d.status, d.attempts, ${isoInstant('d.next_attempt_at')} as "nextAttemptAt",
  ${isoInstant('d.created_at')} as "createdAt", ${isoInstant('d.delivered_at')} as "deliveredAt", d.tries`;
