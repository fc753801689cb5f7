import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { CoreDependencies } from '../core-dependencies.ts';

const claimedColumns = {
  id: column.text,
  organizationId: column.text,
  webhookId: column.text,
  url: column.text,
  /** The receiver's host, as its address names it. */
  server: column.text,
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

/** What a process has under way for one webhook. */
export interface RunningTries {
  readonly webhookId: string;
  readonly organizationId: string;
  readonly server: string;
  readonly count: number;
}

export interface DeliveryShares {
  /** Taken at a time. */
  readonly limit: number;
  readonly perWebhookMax: number;
  readonly perOrganizationMax: number;
  readonly perServerMax: number;
}

/**
 * Takes deliveries whose time has come, the first ones of each webhook, for this process alone. Those go first whose organization and
 * server have the fewest under way: whoever waits behind slow receivers is next, however long their line is.
 * @param running counts against the shares of its webhooks, organizations and servers
 */
export async function claimDeliveries(
  { db }: Pick<CoreDependencies, 'db'>,
  shares: DeliveryShares,
  running: readonly RunningTries[],
): Promise<ClaimedDelivery[]> {
  const held = JSON.stringify(running);
  return db.asWorker(
    (tx) => queryRows(tx, claimedColumns)`
      with held as (
        select * from jsonb_to_recordset(${held}::jsonb) as h("webhookId" text, "organizationId" text, server text, count int)
      ), candidates as (
        select d.id, d.next_attempt_at, w.server,
          row_number() over (partition by w.organization_id order by d.next_attempt_at, d.id)
            + coalesce((select sum(count) from held h where h."organizationId" = w.organization_id), 0) as of_organization
        from (select *, coalesce(substring(lower(url) from '^https?://([^/?#]+)'), url) as server from webhooks) w
        left join held h on h."webhookId" = w.id
        cross join lateral (
          select id, next_attempt_at from webhook_deliveries
          where webhook_id = w.id and status = 'pending' and next_attempt_at <= statement_timestamp()
            and (lease_until is null or lease_until < statement_timestamp())
          order by next_attempt_at, sequence
          limit greatest(0, ${shares.perWebhookMax}::int - coalesce(h.count, 0))) d
        where w.disabled_at is null
      ), within_organizations as (
        select c.*, row_number() over (partition by c.server order by c.of_organization, c.next_attempt_at, c.id)
          + coalesce((select sum(count) from held h where h.server = c.server), 0) as of_server
        from candidates c where c.of_organization <= ${shares.perOrganizationMax}::int
      ), due as (
        select id from within_organizations where of_server <= ${shares.perServerMax}::int
        order by greatest(of_organization, of_server), next_attempt_at limit ${shares.limit}
      ), locked as (
        select d.id from webhook_deliveries d join due using (id)
        where d.status = 'pending' and (d.lease_until is null or d.lease_until < statement_timestamp())
        order by d.id for update of d skip locked
      )
      update webhook_deliveries d set attempts = d.attempts + 1,
        lease_until = statement_timestamp() + make_interval(secs => ${leaseSeconds}::int)
      from locked, webhooks w where d.id = locked.id and w.id = d.webhook_id
      returning d.id, d.organization_id as "organizationId", d.webhook_id as "webhookId", w.url,
        coalesce(substring(lower(w.url) from '^https?://([^/?#]+)'), w.url) as server, d.type, d.payload, d.attempts as attempt,
        w.secret_sealed as "secretSealed",
        case when w.previous_until > clock_timestamp() then w.previous_secret_sealed end as "previousSecretSealed"`,
  );
}
