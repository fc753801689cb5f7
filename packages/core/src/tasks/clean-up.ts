import { column, queryRows } from '@vibetribe/db/query-rows';
import { endedStatuses } from '@vibetribe/contracts/publication-status';
import type { Database } from '@vibetribe/db/connect-database';
import { type SQL, sql } from 'drizzle-orm';

/** How long things are kept after their use, in days. */
export interface Retention {
  readonly readNotificationDays: number;
  readonly unreadNotificationDays: number;
  /** Events of the organization, and of posts that have ended; a post that is not over keeps its whole timeline. */
  readonly eventDays: number;
  readonly endedSessionDays: number;
  /** Of the audit log, 90 or more: no role of ours may delete younger entries. */
  readonly auditDays: number;
  /** Of how numbers went; the last one of each stays. */
  readonly metricDays: number;
}

export type CleanedUp = Readonly<
  Record<
    | 'notifications'
    | 'idempotencyKeys'
    | 'oauthStates'
    | 'liveTickets'
    | 'invitations'
    | 'sessions'
    | 'events'
    | 'webhookDeliveries'
    | 'serverClients'
    | 'mails'
    | 'mailedLinks'
    | 'notificationMessages'
    | 'outages'
    | 'linkCards'
    | 'auditEntries'
    | 'metricSnapshots',
    number
  >
>;

const batchRows = 2_000;

/** Deletes what nobody can use any more, in small transactions that hold up nobody; begins no further one once the signal aborts. */
export async function runCleanUp(
  deps: { readonly db: Database },
  retention: Retention,
  signal?: AbortSignal,
): Promise<CleanedUp> {
  const remove = (table: string, where: SQL) => deleteWhere(deps.db, table, where, signal);
  return {
    notifications: await remove(
      'notifications',
      sql`created_at < now() - make_interval(days => case when read_at is null then ${retention.unreadNotificationDays}::int else ${retention.readNotificationDays}::int end)`,
    ),
    idempotencyKeys: await remove(
      'idempotency_keys',
      sql`created_at < now() - interval '24 hours' and locked_until < now()`,
    ),
    oauthStates: await remove('oauth_states', sql`expires_at < now()`),
    liveTickets: await remove('live_tickets', sql`expires_at < now()`),
    invitations: await remove('invitations', sql`expires_at < now()`),
    sessions: await remove('sessions', endedSession(retention.endedSessionDays)),
    webhookDeliveries: await remove(
      'webhook_deliveries',
      // Of a webhook that is switched off nothing is tried any more.
      sql`created_at < now() - interval '30 days' and (status <> 'pending' or next_attempt_at < now() - interval '7 days')`,
    ),
    serverClients: await remove(
      'server_clients',
      sql`server <> '' and created_at < now() - interval '1 day' and not exists (
        select 1 from grants g where g.platform = server_clients.platform and g.service = server_clients.server)`,
    ),
    mails: await remove('mails', sql`status <> 'pending' and created_at < now() - interval '30 days'`),
    notificationMessages: await remove(
      'notification_messages',
      sql`due_at is null and created_at < now() - interval '30 days'`,
    ),
    outages: await remove('outages', sql`ended_at < now() - interval '90 days'`),
    linkCards: await remove(
      'link_cards',
      sql`read_at < now() - interval '7 days' or read_at < now() - interval '1 day' and not exists (
        select 1 from publications p where p.id = link_cards.publication_id and p.status <> all(${sql.param([...endedStatuses])}::text[]))`,
    ),
    mailedLinks: await remove('mailed_links', sql`expires_at < now()`),
    metricSnapshots: await remove(
      'metric_snapshots',
      sql`captured_at < now() - make_interval(days => ${retention.metricDays}::int)`,
    ),
    auditEntries: await deleteOldEntries(deps.db, retention.auditDays, signal),
    events: await deleteOldEvents(deps.db, retention.eventDays, signal),
  };
}

/**
 * A used token stays as long as it could come back: its return is what ends a stolen session. While its family lives, the first one tells
 * when that began, and a revoked one that it is over.
 */
function endedSession(days: number): SQL {
  const keptFrom = sql`now() - make_interval(days => ${days}::int)`;
  return sql`sessions.expires_at < ${keptFrom} and (
    not exists (select 1 from sessions o where o.family_id = sessions.family_id and o.expires_at >= ${keptFrom})
    or sessions.revoked_at is null and exists (
      select 1 from sessions o where o.family_id = sessions.family_id and o.id <> sessions.id and o.created_at <= sessions.created_at
        and (o.expires_at >= ${keptFrom} or (o.created_at, o.id) < (sessions.created_at, sessions.id))))`;
}

async function deleteWhere(db: Database, table: string, where: SQL, signal?: AbortSignal): Promise<number> {
  let deleted = 0;
  for (;;) {
    if (signal?.aborted === true) return deleted;
    const { rowCount } = await db.asWorker((tx) =>
      tx.execute(sql`
        delete from ${sql.identifier(table)} where ctid = any(array(
          select ctid from ${sql.identifier(table)} where ${where} limit ${batchRows} for update skip locked))`),
    );
    deleted += rowCount ?? 0;
    if ((rowCount ?? 0) < batchRows) return deleted;
  }
}

/** Rows that nobody may change cannot be locked: two runs at once delete what the other has left. */
async function deleteOldEntries(db: Database, days: number, signal?: AbortSignal): Promise<number> {
  let deleted = 0;
  for (;;) {
    if (signal?.aborted === true) return deleted;
    const { rowCount } = await db.asWorker((tx) =>
      tx.execute(sql`
        delete from audit_entries where ctid = any(array(
          select ctid from audit_entries where at < now() - make_interval(days => ${days}::int) order by at limit ${batchRows}))`),
    );
    deleted += rowCount ?? 0;
    if ((rowCount ?? 0) < batchRows) return deleted;
  }
}

/**
 * Walks the log from its beginning in id order: events of posts that are not over stay, and are passed by once. The log remembers up to where
 * it has holes: a client that comes back from before them is told to start anew.
 */
async function deleteOldEvents(db: Database, days: number, signal?: AbortSignal): Promise<number> {
  let deleted = 0;
  let afterId = 0;
  for (;;) {
    if (signal?.aborted === true) return deleted;
    const rows = await db.asWorker(
      (tx) =>
        queryRows(tx, { lastId: column.numberOrNull, seen: column.number, deleted: column.number })`
        with old as (
          select e.id, e.post_id is null or not exists (
            select 1 from publications p where p.organization_id = e.organization_id and p.post_id = e.post_id
              and p.status <> all(${sql.param([...endedStatuses])}::text[])) as is_over
          from events e where e.id > ${afterId} and e.at < now() - make_interval(days => ${days}::int)
          order by e.id limit ${batchRows}
        ), gone as (
          delete from events e using old where e.id = old.id and old.is_over returning e.id
        )
        select (select max(id)::float8 from old) as "lastId", (select count(*)::int from old) as seen, (select count(*)::int from gone) as deleted`,
    );
    const [batch] = rows;
    if (batch === undefined || batch.lastId === null) return deleted;
    deleted += batch.deleted;
    if (batch.seen < batchRows) return deleted;
    afterId = batch.lastId;
  }
}
