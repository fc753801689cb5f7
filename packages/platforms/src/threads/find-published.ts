import { z } from 'zod';
import { foreignNumericId } from '../answer-fields.ts';
import { listOf, readPages } from '../graph/read-pages.ts';
import { normalForm } from '../text/normal-form.ts';
import { PlatformError } from '../platform-error.ts';
import type { AccountCall } from '../port/account.ts';
import type { PublishRun } from '../port/publish.ts';
import { callOf, callThreads, pathOf } from './api.ts';

/** A container does not say which post it became. What is stored before the first send is the newest post by then: ours is listed above it. */
export const ThreadsKey = z.object({ edge: z.enum(['threads', 'replies']), newest: z.string().nullable() });
export type ThreadsKey = z.infer<typeof ThreadsKey>;

const Node = z.object({ id: foreignNumericId() });
const Listed = z.object({
  id: foreignNumericId(),
  text: z.string().optional(),
  timestamp: z.string().optional(),
  permalink: z.string().optional().catch(undefined),
  replied_to: Node.optional().catch(undefined),
});
export type Listed = z.infer<typeof Listed>;

/** `newest` null: there was none, or Threads did not tell; then the time of the send has to do. */
export async function keyBeforeSend(run: PublishRun): Promise<ThreadsKey> {
  const edge = run.replyTo === null ? 'threads' : 'replies';
  try {
    const { data } = await readList(run, edge, '1', undefined);
    return { edge, newest: data[0]?.id ?? null };
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind.startsWith('auth_')) throw error;
    return { edge, newest: null };
  }
}

export interface Wanted {
  readonly key: ThreadsKey;
  /** When the first send began that may have arrived, by Threads' clock; asked once the list has told that. */
  readonly since: () => Date;
  readonly text: string;
  /** Id of the post that it answers. */
  readonly parent: string | null;
  readonly takenPostIds: ReadonlySet<string>;
}

/** What is listed above the newest post of before. */
export interface Found {
  /** The oldest that is this post by its text. */
  readonly match: Listed | null;
  /** All that are new and nobody else's, newest first. */
  readonly newer: readonly Listed[];
  /** Ids of everything that was listed. */
  readonly ids: ReadonlySet<string>;
  /** The list was read to where it had to be. */
  readonly isComplete: boolean;
}

/** Between what Threads' answers say of its clock, and its clock. */
const clockSkewMs = 60_000;
const pageSize = '50';
const pagesMax = 10;

/** Which post a container became. Time tells only where the newest post of before is not known, or not there any more. */
export async function findPublished(call: AccountCall, wanted: Wanted): Promise<Found> {
  const { key, since, parent, takenPostIds } = wanted;
  const isNewest = ({ id }: Listed) => id === key.newest;
  const isBefore = (post: Listed) => timeOf(post) < since().getTime() - clockSkewMs;
  const { rows, isComplete } = await readPages((after) => readList(call, key.edge, pageSize, after), {
    pagesMax,
    isEnough: (posts) => posts.some(key.newest === null ? isBefore : isNewest),
  });
  const newest = rows.findIndex(isNewest);
  const boundary = newest === -1 ? rows.findIndex(isBefore) : newest;
  const newer = (boundary === -1 ? rows : rows.slice(0, boundary)).filter(
    ({ id, replied_to: answered }) => !takenPostIds.has(id) && (parent === null || (answered?.id ?? parent) === parent),
  );
  const text = plain(wanted.text);
  const match = newer.findLast((post) => plain(post.text ?? '') === text) ?? null;
  return { match, newer, ids: new Set(rows.map(({ id }) => id)), isComplete: isComplete || boundary !== -1 };
}

/** Whether Threads has a post of this id. */
export async function isOnThreads(call: AccountCall, id: string): Promise<boolean> {
  try {
    const asked = { method: 'GET', path: pathOf(id), query: { fields: 'id' }, effect: 'read' } as const;
    await callThreads({ ...callOf(call, call.http), ...asked, answer: Node });
    return true;
  } catch (error) {
    if (error instanceof PlatformError && (error.kind === 'not_found' || error.kind === 'content')) return false;
    throw error;
  }
}

function readList(call: AccountCall, edge: ThreadsKey['edge'], limit: string, after: string | undefined) {
  return callThreads({
    ...callOf(call, call.http),
    method: 'GET',
    path: pathOf(call.account.externalId, `/${edge}`),
    query: { fields: `id,text,timestamp,permalink${edge === 'replies' ? ',replied_to' : ''}`, limit, after },
    effect: 'read',
    answer: listOf(Listed),
  });
}

function plain(text: string): string {
  return normalForm(text).replace(/\s+/gu, ' ').trim();
}

/** Without a time it may be any. */
function timeOf({ timestamp }: Listed): number {
  const at = Date.parse((timestamp ?? '').replace(/\+0000$/u, 'Z'));
  return Number.isNaN(at) ? Infinity : at;
}
