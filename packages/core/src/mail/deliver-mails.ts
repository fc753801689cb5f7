import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { newId } from '@vibetribe/db/new-id';
import { startLoop } from '@vibetribe/resilience/loop';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import { openMail } from './mail-content.ts';
import { mailsAtOnce, type MailResult, type MailSender } from './smtp-sender.ts';

export type MailOutcome = 'sent' | 'retrying' | 'failed' | 'dropped' | 'superseded';

type MailDependencies = Pick<CoreDependencies, 'db' | 'keyRing' | 'logger' | 'signals'>;

const pollIntervalMs = 1_000;
/** Longer than a try may take: what a dead process held is tried again after it. */
const leaseSeconds = 120;
/** Waits between tries, seconds. */
const retrySeconds: readonly number[] = [10, 60, 300, 1_800, 7_200, 21_600, 43_200];

/** Sends what is in the outbox, until disposed: what is being sent then is waited for. */
export function startMailer(
  deps: MailDependencies,
  { sender, onOutcome }: { readonly sender: MailSender; readonly onOutcome?: (outcome: MailOutcome) => void },
): AsyncDisposable {
  return startLoop({
    name: 'mail',
    intervalMs: pollIntervalMs,
    async runOnce(signal) {
      while (!signal.aborted) {
        const claimed = await claimMails(deps);
        if (claimed.length === 0) return;
        const outcomes = await Promise.all(
          claimed.map(async (mail) => recordMail(deps, mail, await tryMail(deps, sender, mail))),
        );
        for (const outcome of outcomes) onOutcome?.(outcome);
      }
    },
    onError: (error) => deps.logger.warn({ err: error }, 'mails could not be looked after; they will be'),
  });
}

const claimedColumns = {
  id: column.text,
  kind: column.text,
  recipient: column.text,
  sealed: column.text,
  forUsersOnly: column.boolean,
  isExpired: column.boolean,
  /** This try, counted from 1. */
  attempt: column.number,
};
type ClaimedMail = RowOf<typeof claimedColumns>;

/** Whose mails wait longest in their own line: an organization's hundred invitations stand before nobody's link to a new password. */
async function claimMails({ db }: MailDependencies): Promise<ClaimedMail[]> {
  return db.asWorker(
    (tx) => queryRows(tx, claimedColumns)`
      with lines as (
        select id, next_attempt_at,
          row_number() over (partition by coalesce(organization_id, recipient) order by next_attempt_at, id) as place
        from mails where status = 'pending' and next_attempt_at <= statement_timestamp()
          and (lease_until is null or lease_until < statement_timestamp())
      ), due as (
        select m.id from lines l join mails m using (id)
        where m.status = 'pending' and m.next_attempt_at <= statement_timestamp()
          and (m.lease_until is null or m.lease_until < statement_timestamp())
        order by l.place, l.next_attempt_at limit ${mailsAtOnce} for update of m skip locked
      )
      update mails m set attempts = attempts + 1, lease_until = statement_timestamp() + make_interval(secs => ${leaseSeconds}::int)
      from due where m.id = due.id
      returning m.id, m.kind, m.recipient, m.sealed, m.for_users_only as "forUsersOnly", m.expires_at <= statement_timestamp() as "isExpired",
        m.attempts as attempt`,
  );
}

async function tryMail(
  { db, keyRing }: MailDependencies,
  sender: MailSender,
  mail: ClaimedMail,
): Promise<MailResult | { readonly kind: 'dropped' }> {
  if (mail.isExpired) return { kind: 'refused', error: 'it could not be sent while it was of use' };
  if (mail.forUsersOnly) {
    const users = await db.asIdentity(
      (tx) => queryRows(tx, { id: column.text })`select id from users where lower(email) = ${mail.recipient}`,
    );
    if (users.length === 0) return { kind: 'dropped' };
  }
  let content;
  try {
    content = openMail(keyRing, mail.id, mail.sealed);
  } catch {
    return { kind: 'failed', error: 'it cannot be opened with the keys that are here' };
  }
  return sender.send({ id: mail.id, recipient: mail.recipient, content });
}

/** Writes how a try ended, unless another process has the mail by now. Tells the organization of a mail that will not arrive. */
async function recordMail(
  { db, logger, signals }: MailDependencies,
  { id, kind, attempt }: ClaimedMail,
  result: Awaited<ReturnType<typeof tryMail>>,
): Promise<MailOutcome> {
  const waitSeconds = result.kind === 'failed' ? (retrySeconds[attempt - 1] ?? null) : null;
  const ended = result.kind === 'refused' || result.kind === 'failed' ? 'failed' : result.kind;
  const status = waitSeconds === null ? ended : 'pending';
  const error = 'error' in result ? result.error : null;
  const isOurs = await db.asWorker(async (tx) => {
    const [row] = await queryRows(tx, { organizationId: column.textOrNull })`
      update mails set status = ${status}, lease_until = null, last_error = ${error},
        next_attempt_at = clock_timestamp() + make_interval(secs => ${waitSeconds}::int),
        sealed = case when ${status} = 'pending' then sealed else '' end,
        ended_at = case when ${status} = 'pending' then null else clock_timestamp() end
      where id = ${id} and status = 'pending' and attempts = ${attempt} and lease_until is not null
      returning organization_id as "organizationId"`;
    if (row === undefined) return false;
    // A mail that was a notification is not reported by another one: that would never end.
    if (status === 'failed' && row.organizationId !== null && kind !== 'notification')
      await tx.execute(tellFailed(row.organizationId, { mailId: id, kind, error }));
    return true;
  });
  if (!isOurs) return 'superseded';
  if (status === 'failed') {
    logger.error({ mailId: id, kind, attempts: attempt, reason: error }, 'a mail was given up');
    signals.eventsCommitted();
  } else if (status === 'pending') {
    logger.warn({ mailId: id, kind, attempts: attempt, reason: error, waitSeconds }, 'a mail will be tried again');
  }
  return status === 'pending' ? 'retrying' : status;
}

function tellFailed(
  organizationId: string,
  { mailId, kind, error }: { readonly mailId: string; readonly kind: string; readonly error: string | null },
) {
  const what = kind === 'invitation' ? 'An invitation' : 'A mail';
  const title = `${what} could not be sent by email`;
  const ask = kind === 'invitation' ? ' Make a new invitation and hand its link over yourself.' : '';
  const body = `It was given up: ${error ?? 'no reason is known'}.${ask}`;
  const notificationId = newId('notification');
  return sql`
    with notified as (
      insert into notifications (id, organization_id, kind, title, body, data)
      values (${notificationId}, ${organizationId}, 'mail_failed', ${title}, ${body}, jsonb_build_object('mailId', ${mailId}::text))
    )
    insert into events (organization_id, type, message, data)
    values (${organizationId}, 'notification.created', ${title},
      jsonb_build_object('notificationId', ${notificationId}::text, 'kind', 'mail_failed', 'body', ${body}::text))`;
}
