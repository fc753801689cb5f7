import { z } from 'zod';
import { foreignNumericId } from '../answer-fields.ts';
import { listenToPlatformClock } from '../platform-clock.ts';
import { PlatformError } from '../platform-error.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { callDiscord, channelPath } from './api.ts';
import { channelIn, channelStep } from './channel.ts';
import { isNamedAfter } from './files.ts';
import { findMissing } from './find-missing.ts';
import { forumPostUrl, forumTitle } from './forum.ts';
import { DiscordKey } from './key.ts';
import { DiscordOptions } from './options.ts';
import { beginningOf } from './snowflake.ts';
import { discordFingerprint } from './text.ts';

/**
 * Looks through the posts that the forum got since the send: one that this bot began under this title, whose first message has this text or
 * these files. The oldest match wins.
 */
export async function reconcileForumPost(asked: ReconcileQuery): Promise<ReconcileFinding> {
  const clock = listenToPlatformClock(asked.http, asked.askedAt);
  const query = { ...asked, http: clock.http };
  const { guildId } = channelIn(query.results[channelStep]);
  if (guildId === null) return { kind: 'cannot_tell', evidence: 'Discord did not tell whose forum this is.' };
  const key = DiscordKey.safeParse(query.intent.key).data ?? null;
  const me = await callDiscord({ ...query, method: 'GET', path: '/users/@me', effect: 'read', answer: HasId });
  const from = beginningOf(key?.after ?? null, clock.timeOf(query.intent.startedAt));
  const threads = await threadsSince(query, guildId, from);
  const title = discordFingerprint(forumTitle(DiscordOptions.parse(query.content.options), query.content.text));
  for (const { id, name, owner_id: owner } of threads) {
    const isCandidate = owner === me.id && !query.takenPostIds.has(id) && discordFingerprint(name) === title;
    if (!isCandidate || !(await isOurs(query, id, key?.nonce ?? null))) continue;
    const evidence = `post ${id} of the forum is by this bot and has this title and text`;
    return { kind: 'found', platformPostId: id, url: forumPostUrl(guildId, id), evidence };
  }
  const seenIds = new Set(threads.map(({ id }) => id));
  const missing = await findMissing(query, { from, seenIds, pathOf: channelPath });
  return missing === null
    ? { kind: 'not_seen', evidence: `none of ${threads.length} posts since the send is this one` }
    : { kind: 'inconclusive', evidence: `post ${missing}, which is there, is missing from Discord's list` };
}

const HasId = z.object({ id: foreignNumericId() });
const Thread = z.object({
  id: foreignNumericId(),
  name: z.string(),
  owner_id: foreignNumericId(),
  parent_id: foreignNumericId().nullish(),
});
type Thread = z.infer<typeof Thread>;
const Threads = z.object({ threads: z.array(Thread) });

/**
 * Those that are active, and those that somebody has put away since.
 * https://docs.discord.com/developers/resources/guild#list-active-guild-threads and …/channel#list-public-archived-threads, read 2026-11.
 */
async function threadsSince(query: ReconcileQuery, guildId: string, from: string): Promise<Thread[]> {
  const forum = query.account.externalId;
  const paths = [
    `/guilds/${encodeURIComponent(guildId)}/threads/active`,
    `${channelPath(forum)}/threads/archived/public?limit=100`,
  ];
  const found = new Map<string, Thread>();
  for (const path of paths) {
    const { threads } = await callDiscord({ ...query, method: 'GET', path, effect: 'read', answer: Threads });
    for (const thread of threads)
      if (thread.parent_id === forum && BigInt(thread.id) > BigInt(from)) found.set(thread.id, thread);
  }
  return [...found.values()].toSorted((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
}

const Message = z.object({
  content: z.string(),
  attachments: z
    .array(z.object({ filename: z.string() }))
    .default([])
    .catch([]),
});

async function isOurs(query: ReconcileQuery, id: string, nonce: string | null): Promise<boolean> {
  const path = `${channelPath(id)}/messages/${id}`;
  const call = { ...query, method: 'GET', path, effect: 'read', answer: Message } as const;
  const message = await callDiscord(call).catch((error: unknown) => {
    if (error instanceof PlatformError && error.kind === 'not_found') return null;
    throw error;
  });
  if (message === null) return false;
  const [file] = message.attachments;
  if (file !== undefined) return nonce !== null && isNamedAfter(file.filename, nonce);
  return discordFingerprint(message.content) === discordFingerprint(query.content.text);
}
