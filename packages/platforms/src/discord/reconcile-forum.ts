import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { listenToPlatformClock } from '../http/platform-clock.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { resembles } from '../text/resembles.ts';
import { callDiscord, channelPath } from './api.ts';
import { channelIn, channelStep, readChannel } from './channel.ts';
import { isNamedAfter } from './files.ts';
import { findMissing } from './find-missing.ts';
import { forumPostUrl, forumTitle } from './forum.ts';
import { DiscordKey } from './key.ts';
import { DiscordOptions } from './options.ts';
import { beginningOf, timeOfSnowflake } from './snowflake.ts';
import { discordFingerprint } from './text.ts';

/**
 * Looks through the posts that the forum got since the send: one that this bot began under this title, whose first message has this text or
 * these files. The oldest match wins. Discord knows no nonce here: a repeat of what is there would be a second post, so that it counts as
 * absent only where the forum itself names no newer post than the list.
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
  const newest = await readNewestThread(query, { from, threads });
  const judge = judgeThread(query, key?.nonce ?? null, me);
  let stranger: string | null = null;
  for (const thread of [...threads, ...(newest.kind === 'unlisted' ? [newest.thread] : [])]) {
    const judgement = await judge(thread);
    if (judgement === 'ours') return found(thread.id, guildId);
    if (judgement === 'maybe') stranger ??= thread.id;
  }
  if (newest.kind === 'unlisted')
    return stranger === null
      ? { kind: 'inconclusive', evidence: missingIn(newest.thread.id) }
      : doubted(threads, stranger);
  if (newest.kind === 'unknown') return { kind: 'inconclusive', evidence: newest.evidence };
  if (!isComplete)
    return {
      kind: 'cannot_tell',
      evidence: `More than ${archivedPagesMax * 100} posts of the forum were put away since.`,
    };
  const seenIds = new Set(threads.map(({ id }) => id));
  const missing = await findMissing(query, { from, seenIds, pathOf: channelPath });
  if (missing !== null) return { kind: 'inconclusive', evidence: missingIn(missing) };
  if (newest.kind === 'removed') stranger ??= newest.id;
  return stranger === null ? { kind: 'not_seen', evidence: noneOf(threads) } : doubted(threads, stranger);
}

function found(id: string, guildId: string): ReconcileFinding {
  const evidence = `post ${id} of the forum is by this bot and has this title and text`;
  return { kind: 'found', platformPostId: id, url: forumPostUrl(guildId, id), evidence };
}

function doubted(threads: readonly Thread[], stranger: string): ReconcileFinding {
  return {
    kind: 'not_seen',
    evidence: noneOf(threads),
    doubt: `Post ${stranger} of the forum is new since the send and may be this one.`,
  };
}

function noneOf(threads: readonly Thread[]): string {
  return `none of ${threads.length} posts since the send is this one`;
}

function missingIn(id: string): string {
  return `post ${id}, which is there, is missing from Discord's list`;
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

type NewestThread =
  /** The list shows it, or the forum got none since. */
  | { readonly kind: 'listed' }
  | { readonly kind: 'unlisted'; readonly thread: Thread }
  | { readonly kind: 'removed'; readonly id: string }
  | { readonly kind: 'unknown'; readonly evidence: string };

/**
 * The newest post that the forum names by itself, beside the lists. It may be gone by now.
 * https://docs.discord.com/developers/resources/channel#channel-object (`last_message_id`), read 2026-11.
 */
async function readNewestThread(
  query: ReconcileQuery,
  { from, threads }: { readonly from: string; readonly threads: readonly Thread[] },
): Promise<NewestThread> {
  const { newestId } = await readChannel({ ...query, now: query.askedAt }, query.http);
  if (newestId === null) return { kind: 'unknown', evidence: 'Discord does not name the newest post of the forum' };
  const last = threads.at(-1)?.id;
  if (last !== undefined && BigInt(newestId) < BigInt(last))
    return { kind: 'unknown', evidence: `Discord does not name ${last} as the newest post of the forum yet` };
  if (BigInt(newestId) <= BigInt(last ?? from)) return { kind: 'listed' };
  const call = { ...query, method: 'GET', path: channelPath(newestId), effect: 'read', answer: Thread } as const;
  const thread = await callDiscord(call).catch(nullWhereGone);
  return thread === null ? { kind: 'removed', id: newestId } : { kind: 'unlisted', thread };
}

function nullWhereGone(error: unknown): null {
  if (error instanceof PlatformError && error.kind === 'not_found') return null;
  throw error;
}

const Message = z.object({
  content: z.string(),
  attachments: z
    .array(z.object({ filename: z.string() }))
    .default([])
    .catch([]),
});

type Judgement = 'ours' | 'maybe' | 'other';

function judgeThread(
  { takenPostIds, content, ...query }: ReconcileQuery,
  nonce: string | null,
  me: { readonly id: string },
) {
  const title = discordFingerprint(forumTitle(DiscordOptions.parse(content.options), content.text));
  return async ({ id, name, owner_id: owner }: Thread): Promise<Judgement> => {
    if (owner !== me.id || takenPostIds.has(id) || discordFingerprint(name) !== title) return 'other';
    const path = `${channelPath(id)}/messages/${id}`;
    const call = { ...query, method: 'GET', path, effect: 'read', answer: Message } as const;
    const message = await callDiscord(call).catch(nullWhereGone);
    if (message === null) return 'maybe';
    const [file] = message.attachments;
    if (file !== undefined) return nonce !== null && isNamedAfter(file.filename, nonce) ? 'ours' : 'other';
    if (discordFingerprint(message.content) === discordFingerprint(content.text)) return 'ours';
    return resembles(content.text, message.content) ? 'maybe' : 'other';
  };
}
