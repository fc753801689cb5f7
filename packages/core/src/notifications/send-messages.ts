import { newId } from '@vibetribe/db/new-id';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { newOpaqueToken } from '@vibetribe/security/opaque-token';
import { sql } from 'drizzle-orm';
import { NotificationKind } from '@vibetribe/contracts/notification';
import type { CoreDependencies } from '../core-dependencies.ts';
import { mailOf } from '../mail/mail-content.ts';
import { queueMail } from '../mail/queue-mail.ts';
import type { WebhookSender } from '../webhooks/webhook-sender.ts';
import type { DueMessage } from './claim-messages.ts';
import { openMessageAddress } from './message-address.ts';
import { channelsFor, StoredEvents, StoredQuietHours } from './preferences.ts';
import { sendTimeMs } from './send-time.ts';

export type MessageDependencies = Pick<CoreDependencies, 'db' | 'keyRing' | 'logger'>;

export interface MessageSettings {
  readonly sender: Pick<WebhookSender, 'send'>;
  readonly sendsMail: boolean;
  /** Of a link that ends mails. */
  readonly unsubscribeUrl: (key: string) => string;
}

/** Waits between tries at a webhook, seconds; then the member is told in their preferences. */
const retrySeconds: readonly number[] = [30, 300, 1_800, 7_200];
/** Of Discord's messages; Slack takes more. */
const textCharactersMax = 1_900;
const bodyCharactersMax = 500;

/** A mail into the outbox, the rest to its webhook. What is off by now, or has to wait, is not sent. */
export async function sendMessage(
  deps: MessageDependencies,
  settings: MessageSettings,
  due: DueMessage,
): Promise<void> {
  const recipient = await readRecipient(deps, due);
  const message = recipient === null ? due : withoutOff(due, recipient);
  if (recipient === null || isOff(message, recipient)) return endMessage(deps, message, 'dropped');
  const quietMs = quietForMs(message, recipient);
  if (quietMs > 0) return postpone(deps, message, quietMs);
  if (message.channel === 'email') return mailMessage(deps, settings, message, recipient);
  if (recipient.webhookSealed === null) return endMessage(deps, message, 'dropped');
  const error = await post(deps, settings, message, recipient);
  const waitSeconds = error === null ? null : (retrySeconds[message.attempt - 1] ?? null);
  if (error !== null)
    deps.logger.warn({ messageId: message.id, attempts: message.attempt, reason: error }, 'a message was not taken');
  await endMessage(deps, message, error === null ? 'sent' : 'failed', { error, waitSeconds });
}

const recipientColumns = {
  email: column.text,
  organizationName: column.text,
  unsubscribeKey: column.text,
  webhookSealed: column.textOrNull,
  events: StoredEvents,
  quietHours: StoredQuietHours,
  nowMs: column.number,
};
type Recipient = RowOf<typeof recipientColumns>;

/** Null where they are no longer a member. */
async function readRecipient(
  { db }: MessageDependencies,
  { organizationId, userId }: DueMessage,
): Promise<Recipient | null> {
  const [recipient] = await db.asIdentity(
    (tx) => queryRows(tx, recipientColumns)`
      with kept as (
        insert into notification_preferences as p (id, organization_id, user_id, unsubscribe_key)
        select ${newId('preferences')}, organization_id, user_id, ${newOpaqueToken('vtu_')} from memberships
        where organization_id = ${organizationId} and user_id = ${userId}
        on conflict (organization_id, user_id) do update set unsubscribe_key = coalesce(p.unsubscribe_key, excluded.unsubscribe_key)
        returning *
      )
      select u.email, o.name as "organizationName", k.unsubscribe_key as "unsubscribeKey", k.webhook_sealed as "webhookSealed",
        k.events, k.quiet_hours as "quietHours", floor(extract(epoch from now()) * 1000)::float8 as "nowMs"
      from kept k join users u on u.id = k.user_id join organizations o on o.id = k.organization_id`,
  );
  return recipient ?? null;
}

/** The day's message without the kinds that were switched off while it was collected. */
function withoutOff(message: DueMessage, { events }: Recipient): DueMessage {
  if (!isDaily(message)) return message;
  const entries = message.entries.filter(
    ({ kind }) => kind === undefined || channelsFor(kind, events)[message.channel] !== 'off',
  );
  return { ...message, entries, count: message.count - (message.entries.length - entries.length) };
}

/** What a member switched off while it was collected is not sent any more. */
function isOff({ cause, channel, count }: DueMessage, { events }: Recipient): boolean {
  if (count === 0) return true;
  const kinds = isDaily({ cause }) ? NotificationKind.options : [cause.split(':')[0] ?? ''];
  return kinds.every((kind) => channelsFor(kind, events)[channel] === 'off');
}

/** How long it still has to wait, whatever its time was when it was made; the daily one has its own. */
function quietForMs({ cause }: DueMessage, { nowMs, quietHours }: Recipient): number {
  return isDaily({ cause }) ? 0 : sendTimeMs('now', { nowMs, collectMs: 0, quietHours }) - nowMs;
}

async function postpone({ db }: MessageDependencies, { id, attempt }: DueMessage, waitMs: number): Promise<void> {
  await db.asWorker((tx) =>
    tx.execute(sql`
      update notification_messages set lease_until = null, attempts = attempts - 1,
        due_at = clock_timestamp() + ${waitMs}::float8 * interval '1 millisecond'
      where id = ${id} and status = 'sending' and attempts = ${attempt} and lease_until is not null`),
  );
}

function isDaily({ cause }: Pick<DueMessage, 'cause'>): boolean {
  return cause === 'daily';
}

/** The mail and the end of the message stand or fall together. */
async function mailMessage(
  deps: MessageDependencies,
  { sendsMail, unsubscribeUrl }: MessageSettings,
  message: DueMessage,
  { email, organizationName, unsubscribeKey }: Recipient,
): Promise<void> {
  const content = mailOf({
    subject: `${subjectOf(message)} – ${organizationName}`,
    paragraphs: [...message.entries.map(({ title, body }) => `${title}\n${body}`), ...restOf(message)],
    unsubscribeUrl: unsubscribeUrl(unsubscribeKey),
  });
  await deps.db.asWorker(async (tx) => {
    const { rowCount } = await tx.execute(endOf(message, 'sent', null));
    if (rowCount !== 1) return;
    const mail = { kind: 'notification', recipient: email, organizationId: message.organizationId, content } as const;
    await queueMail({ keyRing: deps.keyRing, sendsMail }, tx, { ...mail, lifeHours: 24 });
  });
}

/** @returns why it was not taken, or null */
async function post(
  { keyRing }: MessageDependencies,
  { sender }: MessageSettings,
  message: DueMessage,
  { organizationName, webhookSealed }: Recipient,
): Promise<string | null> {
  let url: string;
  try {
    url = openMessageAddress(keyRing, message, webhookSealed ?? '');
  } catch {
    return 'the address cannot be opened: set it again';
  }
  const lines = message.entries.map(({ title, body }) => `${title}: ${body.slice(0, bodyCharactersMax)}`);
  const text = [
    `${organizationName}: ${subjectOf(message)}`,
    ...(lines.length === 1 ? [lines[0]?.replace(/^.*?: /, '') ?? ''] : lines),
    ...restOf(message),
  ]
    .join('\n')
    .slice(0, textCharactersMax);
  // Nobody is called by a mention that stands in a title.
  const isDiscord = /^\/api\/(v\d+\/)?webhooks\//.test(new URL(url).pathname);
  const body = isDiscord
    ? { content: text, allowed_mentions: { parse: [] } }
    : { text: text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') };
  const { error } = await sender.send({ url, body: JSON.stringify(body), headers: {} });
  return error;
}

function subjectOf({ entries: [first], count, cause }: DueMessage): string {
  if (isDaily({ cause })) return `The day: ${count} ${count === 1 ? 'notification' : 'notifications'}`;
  return count === 1 ? (first?.title ?? '') : `${first?.title ?? ''} (and ${count - 1} more)`;
}

function restOf({ entries, count }: DueMessage): string[] {
  return count > entries.length ? [`... and ${count - entries.length} more.`] : [];
}

async function endMessage(
  { db }: MessageDependencies,
  message: DueMessage,
  status: 'sent' | 'failed' | 'dropped',
  { error, waitSeconds }: { readonly error: string | null; readonly waitSeconds: number | null } = {
    error: null,
    waitSeconds: null,
  },
): Promise<void> {
  await db.asWorker(async (tx) => {
    const { rowCount } = await tx.execute(endOf(message, status, waitSeconds));
    if (rowCount !== 1 || message.channel !== 'webhook' || status === 'dropped') return;
    await tx.execute(sql`
      update notification_preferences set webhook_error = ${error}
      where organization_id = ${message.organizationId} and user_id = ${message.userId} and webhook_error is distinct from ${error}`);
  });
}

/** Refused where another process has it by now. */
function endOf({ id, attempt }: DueMessage, status: string, waitSeconds: number | null) {
  return sql`
    update notification_messages set lease_until = null, status = case when ${waitSeconds}::int is null then ${status} else 'sending' end,
      due_at = clock_timestamp() + make_interval(secs => ${waitSeconds}::int),
      ended_at = case when ${waitSeconds}::int is null then clock_timestamp() end
    where id = ${id} and status = 'sending' and attempts = ${attempt} and lease_until is not null`;
}
