import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { listenToPlatformClock } from '../http/platform-clock.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { callDiscord, channelPath } from './api.ts';
import { channelIn, channelStep } from './channel.ts';
import { isNamedAfter } from './files.ts';
import { findMissing } from './find-missing.ts';
import { forumPostUrl, forumTitle } from './forum.ts';
import { DiscordKey } from './key.ts';
import { DiscordOptions } from './options.ts';
import { beginningOf, timeOfSnowflake } from './snowflake.ts';
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
  const { threads, isComplete } = await threadsSince(query, guildId, from);
  const title = discordFingerprint(forumTitle(DiscordOptions.parse(query.content.options), query.content.text));
  for (const { id, name, owner_id: owner } of threads) {
    const isCandidate = owner === me.id && !query.takenPostIds.has(id) && discordFingerprint(name) === title;
    if (!isCandidate || !(await isOurs(query, id, key?.nonce ?? null))) continue;
    const evidence = `post ${id} of the forum is by this bot and has this title and text`;
    return { kind: 'found', platformPostId: id, url: forumPostUrl(guildId, id), evidence };
  }
  if (!isComplete)
    return {
      kind: 'cannot_tell',
      evidence: `More than ${archivedPagesMax * 100} posts of the forum were put away since.`,
    };
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
const ActiveThreads = z.object({ threads: z.array(Thread) });
const ArchivedThreads = z.object({
  threads: z.array(Thread.extend({ thread_metadata: z.object({ archive_timestamp: z.string().max(50) }) })),
  has_more: z.boolean().default(false),
});

/** Pages of a hundred. */
const archivedPagesMax = 10;

interface ThreadsSince {
  readonly threads: readonly Thread[];
  /** Whether all of them were read. */
  readonly isComplete: boolean;
}

/**
 * Those that are active, and those that somebody has put away since: the newest that were put away come first.
 * https://docs.discord.com/developers/resources/guild#list-active-guild-threads and …/channel#list-public-archived-threads, read 2026-11.
 */
async function threadsSince(query: ReconcileQuery, guildId: string, from: string): Promise<ThreadsSince> {
  const forum = query.account.externalId;
  const found = new Map<string, Thread>();
  const note = (threads: readonly Thread[]) => {
    for (const thread of threads)
      if (thread.parent_id === forum && BigInt(thread.id) > BigInt(from)) found.set(thread.id, thread);
  };
  const call = { ...query, method: 'GET', effect: 'read' } as const;
  const activePath = `/guilds/${encodeURIComponent(guildId)}/threads/active`;
  note((await callDiscord({ ...call, path: activePath, answer: ActiveThreads })).threads);
  let isComplete = false;
  let before = '';
  for (let page = 0; page < archivedPagesMax && !isComplete; page += 1) {
    const path = `${channelPath(forum)}/threads/archived/public?limit=100${before}`;
    const { threads, has_more: hasMore } = await callDiscord({ ...call, path, answer: ArchivedThreads });
    note(threads);
    const last = threads.at(-1)?.thread_metadata.archive_timestamp;
    // Nothing is put away before it was begun.
    isComplete = !hasMore || last === undefined || Date.parse(last) < timeOfSnowflake(from).getTime();
    before = `&before=${encodeURIComponent(last ?? '')}`;
  }
  return {
    threads: [...found.values()].toSorted((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1)),
    isComplete,
  };
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
