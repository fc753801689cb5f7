import { z } from 'zod';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { listenToPlatformClock } from '../http/platform-clock.ts';
import { resembles } from '../text/resembles.ts';
import { callDiscord, channelPath } from './api.ts';
import { channelIn, channelStep } from './channel.ts';
import { findMissing } from './find-missing.ts';
import { isNamedAfter } from './files.ts';
import { isForum } from './forum.ts';
import { DiscordKey } from './key.ts';
import { messageUrl } from './publish.ts';
import { reconcileForumPost } from './reconcile-forum.ts';
import { beginningOf, timeOfSnowflake } from './snowflake.ts';
import { discordFingerprint } from './text.ts';
import { isWebhook } from './webhook.ts';

const pageSize = 100;
const pagesMax = 50;

/**
 * Looks through what the channel got since the send, oldest first: by nonce where Discord gives it back, else by author and text.
 * Asking under the nonce again would publish. The oldest match wins.
 */
export async function reconcileDiscord(asked: ReconcileQuery): Promise<ReconcileFinding> {
  if (isWebhook(asked.account))
    return { kind: 'cannot_tell', evidence: 'A webhook cannot read what its channel shows.' };
  if (isForum(asked.account)) return reconcileForumPost(asked);
  const clock = listenToPlatformClock(asked.http, asked.askedAt);
  const query = { ...asked, http: clock.http };
  const key = DiscordKey.safeParse(query.intent.key).data ?? null;
  const me = await callDiscord({ ...query, method: 'GET', path: '/users/@me', effect: 'read', answer: User });
  const judge = judgeMessage(query, key?.nonce ?? null, me);
  const from = beginningOf(key?.after ?? null, clock.timeOf(query.intent.startedAt));
  const seenIds = new Set<string>();
  let stranger: Message | undefined;
  let cursor = from;
  for (let page = 0; page < pagesMax; page += 1) {
    const messages = await messagesAfter(query, cursor);
    const match = messages.find((message) => judge(message) === 'ours');
    if (match !== undefined) return found(query, match);
    stranger ??= messages.find((message) => judge(message) === 'maybe');
    for (const { id } of messages) seenIds.add(id);
    cursor = messages.at(-1)?.id ?? cursor;
    if (messages.length === 0) return notSeen(query, { from, seenIds, stranger });
  }
  return { kind: 'cannot_tell', evidence: `The channel has more than ${seenIds.size} messages since the send.` };
}

const Snowflake = foreignNumericId();
const User = z.object({ id: Snowflake });
const Message = z.object({
  id: Snowflake,
  content: z.string(),
  author: User,
  attachments: z
    .array(z.object({ filename: z.string() }))
    .default([])
    .catch([]),
  nonce: z.union([z.string(), z.number()]).nullish(),
});
type Message = z.infer<typeof Message>;

type Judgement = 'ours' | 'maybe' | 'other';

function judgeMessage({ content, takenPostIds }: ReconcileQuery, nonce: string | null, me: z.infer<typeof User>) {
  const wanted = discordFingerprint(content.text);
  return (message: Message): Judgement => {
    if (message.author.id !== me.id || takenPostIds.has(message.id)) return 'other';
    if (message.nonce !== undefined && message.nonce !== null) return isOurs(String(message.nonce) === nonce);
    const [file] = message.attachments;
    if (file !== undefined) return isOurs(nonce !== null && isNamedAfter(file.filename, nonce));
    if (discordFingerprint(message.content) === wanted) return 'ours';
    return resembles(content.text, message.content) ? 'maybe' : 'other';
  };
}

function isOurs(is: boolean): Judgement {
  return is ? 'ours' : 'other';
}

/** The page directly above the cursor, oldest first. */
async function messagesAfter(query: ReconcileQuery, cursor: string): Promise<Message[]> {
  const parameters = new URLSearchParams({ limit: String(pageSize), after: cursor });
  const path = `${channelPath(query.account.externalId)}/messages?${parameters.toString()}`;
  const messages = await callDiscord({ ...query, method: 'GET', path, effect: 'read', answer: z.array(Message) });
  return messages
    .filter(({ id }) => BigInt(id) > BigInt(cursor))
    .toSorted((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
}

function found({ account, results }: ReconcileQuery, { id, nonce }: Message): ReconcileFinding {
  const how = nonce === undefined || nonce === null ? 'is by this bot and has this text' : 'has this nonce';
  const evidence = `message ${id} of ${timeOfSnowflake(id).toISOString()} ${how}`;
  const { guildId } = channelIn(results[channelStep]);
  return { kind: 'found', platformPostId: id, url: messageUrl(account, guildId, id), evidence };
}

async function notSeen(
  query: ReconcileQuery,
  { from, seenIds, stranger }: { from: string; seenIds: ReadonlySet<string>; stranger: Message | undefined },
): Promise<ReconcileFinding> {
  const inChannel = `${channelPath(query.account.externalId)}/messages`;
  const missing = await findMissing(query, { from, seenIds, pathOf: (id) => `${inChannel}/${id}` });
  if (missing !== null)
    return { kind: 'inconclusive', evidence: `message ${missing}, which is there, is missing from Discord's list` };
  const evidence = `none of ${seenIds.size} messages since the send is this one`;
  if (stranger === undefined) return { kind: 'not_seen', evidence };
  return { kind: 'not_seen', evidence, doubt: `Message ${stranger.id} is new since the send and may be this one.` };
}
