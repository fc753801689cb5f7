import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { CoreDependencies } from '../core-dependencies.ts';

const claimedColumns = {
  id: column.text,
  organizationId: column.text,
  webhookId: column.text,
  url: column.text,
  type: column.text,
  payload: column.text,
  /** This try, counted from 1. */
  attempt: column.number,
  secretSealed: column.text,
  previousSecretSealed: column.textOrNull,
};
export type ClaimedDelivery = RowOf<typeof claimedColumns>;

/** Longer than a try may take: what a dead process held is tried again after it. */
const leaseSeconds = 60;

/**
 * Takes deliveries whose time has come, the first ones of each webhook, for this process alone.
 * @param free how many of each webhook may be taken, where fewer than `perWebhookMax`
 */
export async function claimDeliveries(
  { db }: Pick<CoreDependencies, 'db'>,
  {
    limit,
    perWebhookMax,
    free,
  }: { readonly limit: number; readonly perWebhookMax: number; readonly free: ReadonlyMap<string, number> },
): Promise<ClaimedDelivery[]> {
  const bounds = JSON.stringify([...free].map(([id, count]) => ({ id, count })));
  return db.asWorker(
    (tx) => queryRows(tx, claimedColumns)`
      with due as (
        select d.id from webhooks w
        left join jsonb_to_recordset(${bounds}::jsonb) as f(id text, count int) on f.id = w.id
        cross join lateral (
          select id, next_attempt_at from webhook_deliveries
          where webhook_id = w.id and status = 'pending' and next_attempt_at <= statement_timestamp()
            and (lease_until is null or lease_until < statement_timestamp())
          order by next_attempt_at, sequence
          limit coalesce(f.count, ${perWebhookMax}::int)) d
        where w.disabled_at is null
        order by d.next_attempt_at limit ${limit}
      ), locked as (
        select d.id from webhook_deliveries d join due using (id)
        where d.status = 'pending' and (d.lease_until is null or d.lease_until < statement_timestamp())
        order by d.id for update of d skip locked
      )
      update webhook_deliveries d set attempts = d.attempts + 1,
        lease_until = statement_timestamp() + make_interval(secs => ${leaseSeconds}::int)
      from locked, webhooks w where d.id = locked.id and w.id = d.webhook_id
      returning d.id, d.organization_id as "organizationId", d.webhook_id as "webhookId", w.url, d.type, d.payload, d.attempts as attempt,
        w.secret_sealed as "secretSealed",
        case when w.previous_until > clock_timestamp() then w.previous_secret_sealed end as "previousSecretSealed"`,
  );
}
