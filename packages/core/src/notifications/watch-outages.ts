import { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import { breakerKey } from '../publishing/claim/claim-context.ts';

type OutageDependencies = Pick<CoreDependencies, 'db' | 'adapters' | 'signals'>;

const outageColumns = {
  id: column.text,
  organizationId: column.text,
  breakerKey: column.text,
  platform: PlatformId,
  heldMax: column.number,
};
type Outage = RowOf<typeof outageColumns>;

/** Outages told or ended in one look. */
const batchMax = 500;

/**
 * Tells each organization whose posts wait for a platform that does not answer, once, however many posts those are; and once more when it
 * is over. Any number of processes may look.
 */
export async function watchOutages(deps: OutageDependencies): Promise<{ began: number; ended: number }> {
  const counts = await deps.db.asWorker(async (tx) => {
    const began = await begin(tx);
    const ended = await end(tx);
    await tell(tx, 'platform_outage', began, ({ heldMax, ...outage }) => ({
      title: `${nameOf(deps, outage)} does not answer`,
      body: `${heldMax === 1 ? 'A post waits' : `${heldMax} posts wait`}, and go out once it is back. Nothing has to be done.`,
    }));
    await tell(tx, 'platform_recovered', ended, ({ heldMax, ...outage }) => ({
      title: `${nameOf(deps, outage)} is back`,
      body: `What waited for it goes out now: ${heldMax === 1 ? 'a post' : `up to ${heldMax} posts`}.`,
    }));
    return { began: began.length, ended: ended.length };
  });
  if (counts.began + counts.ended > 0) deps.signals.eventsCommitted();
  return counts;
}

async function begin(tx: Transaction): Promise<Outage[]> {
  const held = await queryRows(tx, {
    organizationId: column.text,
    breakerKey: column.text,
    platform: column.text,
    count: column.number,
  })`
    select h."organizationId", h."breakerKey", h.platform, h.count from (
      select p.organization_id as "organizationId", ${breakerKey} as "breakerKey",
        p.platform, count(*)::int as count
      from publications p join accounts a on a.organization_id = p.organization_id and a.id = p.account_id
      where p.waiting_reason = 'breaker' group by 1, 2, 3) h
    join breakers b on b.key = h."breakerKey" and b.state <> 'closed'
    left join outages o on o.organization_id = h."organizationId" and o.breaker_key = h."breakerKey" and o.ended_at is null
    order by o.id is not null, h."organizationId", h."breakerKey" limit ${batchMax}`;
  if (held.length === 0) return [];
  const rows = held.map((one) => ({ id: newId('outage'), ...one }));
  const noted = await queryRows(tx, { ...outageColumns, isNew: column.boolean })`
    insert into outages as o (id, organization_id, breaker_key, platform, held_max)
    select h.id, h."organizationId", h."breakerKey", h.platform, h.count from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as h(
      id text, "organizationId" text, "breakerKey" text, platform text, count int)
    order by h."organizationId", h."breakerKey"
    on conflict (organization_id, breaker_key) where ended_at is null do update set held_max = greatest(o.held_max, excluded.held_max)
    returning id, organization_id as "organizationId", breaker_key as "breakerKey", platform, held_max as "heldMax", xmax = 0 as "isNew"`;
  return noted.filter(({ isNew }) => isNew);
}

/** Over: the breaker is closed, and nothing waits for it. Between two probes it is neither. */
async function end(tx: Transaction): Promise<Outage[]> {
  return queryRows(tx, outageColumns)`
    update outages set ended_at = clock_timestamp() where id = any(array(
      select o.id from outages o left join breakers b on b.key = o.breaker_key
      where o.ended_at is null and coalesce(b.state, 'closed') = 'closed' and not exists (
        select 1 from publications p join accounts a on a.organization_id = p.organization_id and a.id = p.account_id
        where p.waiting_reason = 'breaker' and p.organization_id = o.organization_id and p.platform = o.platform
          and ${breakerKey} = o.breaker_key)
      order by o.id limit ${batchMax} for update of o skip locked))
    returning id, organization_id as "organizationId", breaker_key as "breakerKey", platform, held_max as "heldMax"`;
}

async function tell(
  tx: Transaction,
  kind: 'platform_outage' | 'platform_recovered',
  outages: readonly Outage[],
  words: (outage: Outage) => { readonly title: string; readonly body: string },
): Promise<void> {
  if (outages.length === 0) return;
  const told = outages.map((outage) => ({ ...outage, notificationId: newId('notification'), ...words(outage) }));
  await tx.execute(sql`
    with told as (
      select * from jsonb_to_recordset(${JSON.stringify(told)}::jsonb) as t(
        id text, "organizationId" text, "breakerKey" text, platform text, "notificationId" text, title text, body text)
    ), notified as (
      insert into notifications (id, organization_id, kind, title, body, data)
      select "notificationId", "organizationId", ${kind}::text, title, body, jsonb_build_object('platform', platform, 'server', nullif(split_part("breakerKey", '|', 2), ''), 'outageId', id) from told
    )
    insert into events (organization_id, type, message, data)
    select "organizationId", 'notification.created', title,
      jsonb_build_object('notificationId', "notificationId", 'kind', ${kind}::text, 'body', body) from told`);
}

/** A server of a platform by its name. */
function nameOf(
  { adapters }: OutageDependencies,
  { platform, breakerKey }: Pick<Outage, 'platform' | 'breakerKey'>,
): string {
  const server = breakerKey.split('|')[1];
  if (server === undefined) return adapters[platform].displayName;
  return URL.canParse(server) ? new URL(server).host : server;
}
