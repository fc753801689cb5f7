import { z } from 'zod';
import { foreignNumericId } from '../answer-fields.ts';
import { listOf, readPages } from '../graph/read-pages.ts';
import { PlatformError } from '../platform-error.ts';
import type { AccountCall } from '../port/account.ts';
import type { PublishRun } from '../port/publish.ts';
import { callInstagram } from './api.ts';
import { callOf } from './container.ts';

/** A container does not say which post it became. What is stored before the first send is the newest post by then: ours is listed above it. */
export const InstagramKey = z.object({ edge: z.enum(['media', 'stories']), newest: z.string().nullable() });
export type InstagramKey = z.infer<typeof InstagramKey>;

const Listed = z.object({
  id: foreignNumericId(),
  caption: z.string().optional(),
  timestamp: z.string().optional(),
  permalink: z.string().optional().catch(undefined),
});
export type Listed = z.infer<typeof Listed>;

/** `newest` null: there was none, or Instagram did not tell; then the time of the send has to do. */
export async function keyBeforeSend(run: PublishRun, isStory: boolean): Promise<InstagramKey> {
  const edge = isStory ? 'stories' : 'media';
  try {
    const { data } = await readList(run, edge, '1', undefined);
    return { edge, newest: data[0]?.id ?? null };
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind.startsWith('auth_')) throw error;
    return { edge, newest: null };
  }
}

export interface Wanted {
  readonly key: InstagramKey;
  /** When the first send began that may have arrived, by Instagram's clock; asked once the list has told that. */
  readonly since: () => Date;
  readonly caption: string;
  readonly takenPostIds: ReadonlySet<string>;
}

/** What is listed above the newest post of before. */
export interface Found {
  /** The oldest that is this post by its caption; of stories, which have none, the oldest. */
  readonly match: Listed | null;
  /** All that are new and nobody else's, newest first. */
  readonly newer: readonly Listed[];
  /** Ids of everything that was listed. */
  readonly ids: ReadonlySet<string>;
  /** The list was read to where it had to be. */
  readonly isComplete: boolean;
}

/** Between what Instagram's answers say of its clock, and its clock. */
const clockSkewMs = 60_000;
const pageSize = '50';
const pagesMax = 10;

/** Which post a container became. Time tells only where the newest post of before is not known, or not there any more. */
export async function findPublished(call: AccountCall, { key, since, caption, takenPostIds }: Wanted): Promise<Found> {
  const isNewest = ({ id }: Listed) => id === key.newest;
  const isBefore = (post: Listed) => timeOf(post) < since().getTime() - clockSkewMs;
  const { rows, isComplete } = await readPages((after) => readList(call, key.edge, pageSize, after), {
    pagesMax,
    isEnough: (posts) => posts.some(key.newest === null ? isBefore : isNewest),
  });
  const newest = rows.findIndex(isNewest);
  const boundary = newest === -1 ? rows.findIndex(isBefore) : newest;
  const newer = (boundary === -1 ? rows : rows.slice(0, boundary)).filter(({ id }) => !takenPostIds.has(id));
  const wanted = caption.trim();
  const match =
    key.edge === 'stories' ? newer.at(-1) : newer.findLast((post) => (post.caption ?? '').trim() === wanted);
  const ids = new Set(rows.map(({ id }) => id));
  return { match: match ?? null, newer, ids, isComplete: isComplete || boundary !== -1 };
}

const Node = z.object({ id: foreignNumericId() });

/** Whether Instagram has a post of this id. */
export async function isOnInstagram(call: AccountCall, id: string): Promise<boolean> {
  try {
    const asked = {
      method: 'GET',
      path: `/${encodeURIComponent(id)}`,
      query: { fields: 'id' },
      effect: 'read',
    } as const;
    await callInstagram({ ...callOf(call, call.http), ...asked, answer: Node });
    return true;
  } catch (error) {
    if (error instanceof PlatformError && (error.kind === 'not_found' || error.kind === 'content')) return false;
    throw error;
  }
}

function readList(call: AccountCall, edge: InstagramKey['edge'], limit: string, after: string | undefined) {
  return callInstagram({
    ...callOf(call, call.http),
    method: 'GET',
    path: `/${encodeURIComponent(call.account.externalId)}/${edge}`,
    query: { fields: 'id,caption,timestamp,permalink', limit, after },
    effect: 'read',
    answer: listOf(Listed),
  });
}

/** Without a time it may be any. */
function timeOf({ timestamp }: Listed): number {
  const at = Date.parse((timestamp ?? '').replace(/\+0000$/u, 'Z'));
  return Number.isNaN(at) ? Infinity : at;
}
