import { isoInstant } from '@vibetribe/db/iso-instant';
import { newId } from '@vibetribe/db/new-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import type { ClaimedDelivery } from './claim-deliveries.ts';

/** How a try ended: the receiver's status, or why it has none. */
export interface DeliveryResult {
  readonly status: number | null;
  /** Null: it counts as delivered. */
  readonly error: string | null;
  readonly durationMs: number;
  /** The receiver's own wish. */
  readonly retryAfterMs: number | null;
}

/** Waits between tries, ms: ten tries within about three days, as Standard Webhooks proposes. */
export const retryDelaysMs: readonly number[] = [
  5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000,
];

const waitMaxMs = 86_400_000;
const triesKept = 10;

/**
 * Writes how a try ended; refused where another process has the delivery by now. A webhook that answers 410 is switched off, and so is one
 * whose delivery failed for the last time and that took nothing since its first try; its people are told once.
 * @param jitter 0 to 1; it lengthens a wait by up to a fifth
 */
export async function recordDelivery(
  { db, signals }: Pick<CoreDependencies, 'db' | 'signals'>,
  delivery: ClaimedDelivery,
  result: DeliveryResult,
  jitter: number,
): Promise<'delivered' | 'retrying' | 'failed' | 'refused'> {
  const outcome = await db.asWorker(async (tx) => {
    // The webhook before its delivery, as the feed locks them.
    await tx.execute(sql`select 1 from webhooks where id = ${delivery.webhookId} for no key update`);
    const planMs = retryDelaysMs[delivery.attempt - 1];
    const isGone = result.status === 410;
    const waitMs =
      result.error === null || isGone || planMs === undefined
        ? null
        : Math.min(waitMaxMs, Math.max(planMs * (1 + jitter / 5), result.retryAfterMs ?? 0));
    const status = result.error === null ? 'delivered' : waitMs === null ? 'failed' : 'pending';
    const tried = { status: result.status, error: result.error, durationMs: result.durationMs };
    const [row] = await queryRows(tx, { createdAt: column.text })`
      update webhook_deliveries set status = ${status}, lease_until = null,
        next_attempt_at = clock_timestamp() + ${waitMs}::float8 * interval '1 millisecond',
        delivered_at = case when ${status} = 'delivered' then clock_timestamp() end,
        tries = (case when jsonb_array_length(tries) >= ${triesKept} then tries - 0 else tries end) || jsonb_build_array(
          jsonb_build_object('at', ${isoInstant('clock_timestamp()')}) || ${JSON.stringify(tried)}::jsonb)
      where id = ${delivery.id} and status = 'pending' and attempts = ${delivery.attempt} and lease_until is not null
      returning created_at::text as "createdAt"`;
    if (row === undefined) return 'refused';
    if (status === 'delivered')
      await tx.execute(sql`update webhooks set last_success_at = clock_timestamp() where id = ${delivery.webhookId}`);
    if (isGone) await switchOff(tx, delivery.webhookId, 'gone', null);
    else if (status === 'failed') await switchOff(tx, delivery.webhookId, 'failing', row.createdAt);
    return status === 'pending' ? 'retrying' : status;
  });
  if (outcome === 'failed') signals.eventsCommitted();
  return outcome;
}

/** @param unlessSuccessSince leaves one on that has taken something since then */
async function switchOff(
  tx: Transaction,
  webhookId: string,
  because: 'gone' | 'failing',
  unlessSuccessSince: string | null,
): Promise<void> {
  const why =
    because === 'gone'
      ? 'Its receiver answered that it is gone (410).'
      : 'Its receiver took nothing for more than a day. Switch it on again once it answers; what was not taken can be replayed, and what happened meanwhile is missing in the sequence.';
  await tx.execute(sql`
    with off as (
      update webhooks set disabled_at = clock_timestamp(), disabled_because = ${because}, updated_at = clock_timestamp()
      where id = ${webhookId} and disabled_at is null
        and (${unlessSuccessSince}::timestamptz is null or last_success_at is null or last_success_at < ${unlessSuccessSince}::timestamptz)
      returning id, organization_id
    ), told as (
      select ${newId('notification')}::text as "notificationId", id, organization_id, 'A webhook was switched off'::text as title,
        ${why}::text as body from off
    ), notified as (
      insert into notifications (id, organization_id, kind, title, body, data)
      select "notificationId", organization_id, 'webhook_disabled', title, body, jsonb_build_object('webhookId', id) from told
    )
    insert into events (organization_id, type, message, data)
    select organization_id, 'notification.created', title,
      jsonb_build_object('notificationId', "notificationId", 'kind', 'webhook_disabled', 'body', body) from told`);
}
