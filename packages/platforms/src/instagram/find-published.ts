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
  /** When the first send began that may have arrived. */
  readonly since: Date;
  readonly caption: string;
  readonly takenPostIds: ReadonlySet<string>;
}

/** Between our clock and Instagram's. */
const clockSkewMs = 60_000;
const pageSize = '50';
const pagesMax = 10;

/** The post that a published container became: the oldest above the newest one of before that has its caption, else the only one. */
export async function findPublished(
  call: AccountCall,
  { key, since, caption, takenPostIds }: Wanted,
): Promise<Listed | null> {
  const sinceMs = since.getTime() - clockSkewMs;
  const isBefore = (post: Listed) => post.id === key.newest || timeOf(post) < sinceMs;
  const { rows } = await readPages((after) => readList(call, key.edge, pageSize, after), {
    pagesMax,
    isEnough: (posts) => posts.some(isBefore),
  });
  const boundary = rows.findIndex(isBefore);
  const newer = (boundary === -1 ? rows : rows.slice(0, boundary)).filter(({ id }) => !takenPostIds.has(id));
  const wanted = caption.trim();
  const match =
    key.edge === 'stories' ? newer.at(-1) : newer.findLast((post) => (post.caption ?? '').trim() === wanted);
  if (match !== undefined) return match;
  const [only] = newer;
  return newer.length === 1 && only !== undefined ? only : null;
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
