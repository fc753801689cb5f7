import { newId } from '@vibetribe/db/new-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import { passOnJob } from './pass-on-job.ts';
import type { PublicationRow } from './publication-row.ts';
import type { Moved } from '../state/transition.ts';

/**
 * Writes what the state machine decided for rows that this transaction holds locked: states, timeline and notifications in one statement.
 * A changed due time or lease clears `enqueued_until`, so that the dispatcher enqueues the row anew. `leaseOwner` goes on rows that now hold a lease,
 * `sendingStep` names the step whose send begins. An attempt row opens with the intent and closes with it, or goes where the send was none.
 */
export async function writeTransitions(
  tx: Transaction,
  transitions: readonly { row: PublicationRow; transition: Moved; leaseOwner?: string; sendingStep?: string }[],
): Promise<void> {
  if (transitions.length === 0) return;
  await deleteUnsent(tx, transitions);
  await passOnJob(tx, transitions);
  const states = transitions.map(({ row, transition, leaseOwner, sendingStep }) => ({
    id: row.id,
    attemptId: sendingStep === undefined ? null : newId('attempt'),
    sendingStep: sendingStep ?? null,
    sendOutcome: transition.state.parts.length > row.parts.length ? 'published' : transition.state.status,
    ...transition.state,
    waitingReason: transition.state.waiting?.reason ?? null,
    waitingDetail: transition.state.waiting?.detail ?? null,
    leaseOwner: transition.state.leaseUntilMs === null ? null : (leaseOwner ?? null),
  }));
  const timeline = transitions.flatMap(({ row, transition }) =>
    transition.events.map((event) => ({
      organizationId: row.organizationId,
      postId: row.postId,
      publicationId: row.id,
      type: event.type,
      message: event.message,
      data: { ...event.data, status: transition.state.status },
    })),
  );
  const notifications = transitions.flatMap(({ row, transition }) =>
    transition.notifications.map((notification) => ({
      id: newId('notification'),
      organizationId: row.organizationId,
      ...notification,
      data: { postId: row.postId, publicationId: row.id, accountId: row.accountId, platform: row.platform },
    })),
  );
  await tx.execute(sql`
    with moved as (
      select * from jsonb_to_recordset(${JSON.stringify(states)}::jsonb) as m(
        id text, "attemptId" text, "sendingStep" text, "sendOutcome" text, status text, "scheduledAtMs" float8, "dueAtMs" float8, attempts int, "retriesUsed" int, "firstFailedAtMs" float8,
        fence bigint, "leaseUntilMs" float8, "leaseOwner" text, "intentAtMs" float8, "inDoubtSinceMs" float8, evidence text, committed boolean, "absentReads" int,
        "reconcileTries" int, "waitingReason" text, "waitingDetail" text, "toldWait" jsonb, "platformPostId" text, url text, "publishedAtMs" float8, parts jsonb, error jsonb)
    ), updated as (
      update publications p set
        status = m.status, scheduled_at = to_timestamp(m."scheduledAtMs" / 1000), due_at = to_timestamp(m."dueAtMs" / 1000),
        attempts = m.attempts, retries_used = m."retriesUsed", first_failed_at = to_timestamp(m."firstFailedAtMs" / 1000),
        fence = m.fence, lease_until = to_timestamp(m."leaseUntilMs" / 1000), lease_owner = coalesce(m."leaseOwner", case when m."leaseUntilMs" is null then null else p.lease_owner end),
        intent_at = to_timestamp(m."intentAtMs" / 1000), in_doubt_since = to_timestamp(m."inDoubtSinceMs" / 1000), evidence = m.evidence, committed = m.committed, absent_reads = m."absentReads",
        reconcile_tries = m."reconcileTries", waiting_reason = m."waitingReason", waiting_detail = m."waitingDetail", told_wait = nullif(m."toldWait", 'null'::jsonb),
        platform_post_id = m."platformPostId", url = m.url, published_at = to_timestamp(m."publishedAtMs" / 1000),
        parts = nullif(m.parts, '[]'::jsonb), error = nullif(m.error, 'null'::jsonb), updated_at = clock_timestamp(),
        requeues = case when m."leaseUntilMs" is null then p.requeues else 0 end,
        enqueued_until = case when p.due_at is distinct from to_timestamp(m."dueAtMs" / 1000) or m."leaseUntilMs" is null and p.lease_until is not null then null else p.enqueued_until end
      from moved m where p.id = m.id
    ), begun as (
      insert into attempts (id, organization_id, publication_id, account_id, platform, step, number, fence, started_at)
      select m."attemptId", p.organization_id, p.id, p.account_id, p.platform, m."sendingStep", m.attempts, m.fence, to_timestamp(m."intentAtMs" / 1000)
      from moved m join publications p on p.id = m.id where m."sendingStep" is not null
    ), ended as (
      update attempts a set ended_at = clock_timestamp(), outcome = o."sendOutcome"
      -- One look-up for each row: as a join, it may be planned over everything that is being sent at the moment.
      from (select m."sendOutcome", (select a.id from attempts a where a.publication_id = m.id and a.ended_at is null) as id
        from moved m where m."intentAtMs" is null) o
      where a.id = o.id
    ), told as (
      insert into events (organization_id, post_id, publication_id, type, message, data)
      select e."organizationId", e."postId", e."publicationId", e.type, e.message, e.data
      from rows from (jsonb_to_recordset(${JSON.stringify(timeline)}::jsonb) as (
        "organizationId" text, "postId" text, "publicationId" text, type text, message text, data jsonb)) with ordinality
        as e("organizationId", "postId", "publicationId", type, message, data, position)
      order by e.position
    ), notified as (
      insert into notifications (id, organization_id, kind, title, body, data)
      select n.id, n."organizationId", n.kind, n.title, n.body, n.data
      from jsonb_to_recordset(${JSON.stringify(notifications)}::jsonb) as n(
        id text, "organizationId" text, kind text, title text, body text, data jsonb)
      returning organization_id, id, kind, title, body
    )
    insert into events (organization_id, type, message, data)
    select organization_id, 'notification.created', title, jsonb_build_object('notificationId', id, 'kind', kind, 'body', body) from notified`);
}

/** A send that was begun and turned out to be none is not counted, by the limits neither. */
async function deleteUnsent(
  tx: Transaction,
  transitions: readonly { row: PublicationRow; transition: Moved }[],
): Promise<void> {
  const ids = transitions.flatMap(({ row, transition }) => (transition.state.attempts < row.attempts ? [row.id] : []));
  if (ids.length === 0) return;
  await tx.execute(
    sql`delete from attempts where publication_id = any(${sql.param(ids)}::text[]) and ended_at is null`,
  );
}
