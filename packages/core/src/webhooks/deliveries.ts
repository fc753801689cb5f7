import type { WebhookDelivery } from '@vibetribe/contracts/webhook';
import type { Transaction } from '@vibetribe/db/connect-database';
import { isoInstant } from '@vibetribe/db/iso-instant';
import { newId } from '@vibetribe/db/new-id';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { cutPage } from '../cut-page.ts';
import { DomainError, notFound } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import { deliveryColumns, deliverySelection, findWebhook } from './webhook-row.ts';

type Dependencies = Pick<CoreDependencies, 'db' | 'signals'>;

/** Newest first. @param beforeSequence where the page before ended @throws DomainError `not_found` */
export async function listDeliveries(
  deps: Pick<CoreDependencies, 'db'>,
  actor: Actor,
  input: { readonly webhookId: string; readonly limit: number; readonly beforeSequence: number | null },
): Promise<{ items: WebhookDelivery[]; hasMore: boolean }> {
  requireRight(actor, 'webhooks:manage');
  return deps.db.asTenant(actor.organizationId, async (tx) => {
    await findWebhook(tx, actor, input.webhookId);
    const rows = await queryRows(tx, deliveryColumns)`
      select ${deliverySelection} from webhook_deliveries d
      where d.organization_id = ${actor.organizationId} and d.webhook_id = ${input.webhookId}
        ${input.beforeSequence === null ? sql`` : sql`and d.sequence < ${input.beforeSequence}::bigint`}
      order by d.sequence desc limit ${input.limit + 1}`;
    return cutPage(rows, input.limit);
  });
}

const openTestsMax = 500;

/** Sends `{type: "webhook.test"}` as the webhook's next message. @throws DomainError `not_found`, `quota_exceeded` */
export async function testWebhook(
  deps: Dependencies,
  actor: Actor,
  { webhookId }: { readonly webhookId: string },
): Promise<WebhookDelivery> {
  requireRight(actor, 'webhooks:manage');
  const delivery = await deps.db.asTenant(actor.organizationId, async (tx) => {
    const [counted] = await queryRows(tx, { sequence: column.number, at: column.text })`
      update webhooks set next_sequence = next_sequence + 1
      where organization_id = ${actor.organizationId} and id = ${webhookId}
      returning (next_sequence - 1)::float8 as sequence,
        ${isoInstant('clock_timestamp()')} as at`;
    if (counted === undefined) throw notFound('webhook');
    await requireFewTests(tx, actor, webhookId);
    const type = 'webhook.test';
    const payload = JSON.stringify({ type, timestamp: counted.at, sequence: counted.sequence, data: { webhookId } });
    const [row] = await queryRows(tx, deliveryColumns)`
      insert into webhook_deliveries as d (id, organization_id, webhook_id, sequence, type, payload, next_attempt_at)
      values (${newId('delivery')}, ${actor.organizationId}, ${webhookId}, ${counted.sequence}, ${type}, ${payload}, clock_timestamp())
      returning ${deliverySelection}`;
    if (row === undefined) throw new Error('the delivery was not written');
    return row;
  });
  deps.signals.eventsCommitted();
  return delivery;
}

/**
 * Sends a message again, under its id and as it was, whether it arrived or not; its tries are counted anew.
 * @param webhookId null: whichever of the organization's webhooks it belongs to
 * @throws DomainError `not_found`
 */
export async function replayDelivery(
  deps: Dependencies,
  actor: Actor,
  { deliveryId, webhookId }: { readonly deliveryId: string; readonly webhookId: string | null },
): Promise<WebhookDelivery> {
  requireRight(actor, 'webhooks:manage');
  const [row] = await deps.db.asTenant(
    actor.organizationId,
    (tx) => queryRows(tx, deliveryColumns)`
      update webhook_deliveries d set status = 'pending', attempts = 0, next_attempt_at = clock_timestamp(), lease_until = null,
        delivered_at = null
      where d.organization_id = ${actor.organizationId} and d.id = ${deliveryId}
        and (${webhookId}::text is null or d.webhook_id = ${webhookId}::text)
      returning ${deliverySelection}`,
  );
  if (row === undefined) throw notFound('delivery');
  deps.signals.eventsCommitted();
  return row;
}

async function requireFewTests(tx: Transaction, { organizationId }: Actor, webhookId: string): Promise<void> {
  const [counted] = await queryRows(tx, { count: column.number })`
    select count(*)::int as count from webhook_deliveries
    where organization_id = ${organizationId} and webhook_id = ${webhookId} and status = 'pending' and type = 'webhook.test'`;
  if ((counted?.count ?? 0) >= openTestsMax)
    throw new DomainError('quota_exceeded', `${openTestsMax} tests of this webhook have not arrived yet.`);
}
