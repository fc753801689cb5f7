import { z } from 'zod';
import { foreignNumericId } from '../answer-fields.ts';
import { listOf, readPages } from '../graph/read-pages.ts';
import { normalForm } from '../normal-form.ts';
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
  /** When the first send began that may have arrived. */
  readonly since: Date;
  readonly text: string;
  /** Id of the post that it answers. */
  readonly parent: string | null;
  readonly takenPostIds: ReadonlySet<string>;
}

/** Between our clock and that of Threads. */
const clockSkewMs = 60_000;
const pageSize = '50';
const pagesMax = 10;

/** The post that a published container became: the oldest above the newest one of before that has its text, else the only one. */
export async function findPublished(call: AccountCall, wanted: Wanted): Promise<Listed | null> {
  const { key, since, parent, takenPostIds } = wanted;
  const sinceMs = since.getTime() - clockSkewMs;
  const isBefore = (post: Listed) => post.id === key.newest || timeOf(post) < sinceMs;
  const { rows } = await readPages((after) => readList(call, key.edge, pageSize, after), {
    pagesMax,
    isEnough: (posts) => posts.some(isBefore),
  });
  const boundary = rows.findIndex(isBefore);
  const newer = (boundary === -1 ? rows : rows.slice(0, boundary)).filter(
    ({ id, replied_to: answered }) => !takenPostIds.has(id) && (parent === null || (answered?.id ?? parent) === parent),
  );
  const text = plain(wanted.text);
  const match = newer.findLast((post) => plain(post.text ?? '') === text);
  if (match !== undefined) return match;
  const [only] = newer;
  return newer.length === 1 && only !== undefined ? only : null;
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
