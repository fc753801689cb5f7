import { z } from 'zod';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { callDiscord, channelPath } from './api.ts';
import { isNamedAfter } from './files.ts';
import { guildStep, messageUrl } from './publish.ts';
import { snowflakeAt, timeOfSnowflake } from './snowflake.ts';
import { discordFingerprint } from './text.ts';

/** Our clock may run ahead of Discord's by this much. */
const clockSkewMs = 60_000;
const pageSize = 50;
const pagesMax = 20;

/**
 * Looks through what the channel got since the send, oldest first: by nonce where Discord gives it back, else by author and text.
 * Asking under the nonce again would publish. The oldest match wins.
 */
export async function reconcileDiscord(query: ReconcileQuery): Promise<ReconcileFinding> {
  const since = new Date(query.intent.startedAt.getTime() - clockSkewMs);
  const me = await callDiscord({ ...query, method: 'GET', path: '/users/@me', effect: 'read', answer: User });
  const isOurs = matcher(query, me);
  let cursor = String(snowflakeAt(since));
  let seen = 0;
  for (let page = 0; page < pagesMax; page += 1) {
    const messages = await messagesAfter(query, cursor);
    seen += messages.length;
    const match = messages.find(isOurs);
    if (match !== undefined) return found(query, match);
    cursor = messages.at(-1)?.id ?? cursor;
    if (messages.length < pageSize) {
      return { kind: 'not_seen', evidence: `none of ${seen} messages since ${since.toISOString()} is this one` };
    }
  }
  return { kind: 'cannot_tell', evidence: `the channel has more than ${seen} messages since ${since.toISOString()}` };
}

const Snowflake = z.string().regex(/^\d{1,20}$/u);
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

function matcher({ intent, content, takenPostIds }: ReconcileQuery, me: z.infer<typeof User>) {
  const wanted = discordFingerprint(content.text);
  return (message: Message): boolean => {
    if (message.author.id !== me.id || takenPostIds.has(message.id)) return false;
    if (message.nonce !== undefined && message.nonce !== null) return String(message.nonce) === intent.key;
    const [file] = message.attachments;
    if (file !== undefined) return typeof intent.key === 'string' && isNamedAfter(file.filename, intent.key);
    return discordFingerprint(message.content) === wanted;
  };
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
  return { kind: 'found', platformPostId: id, url: messageUrl(account, results[guildStep], id), evidence };
}
