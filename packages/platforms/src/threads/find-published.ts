import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import type { Found } from '../graph/container-finding.ts';
import { isThere, newestBeforeSend, postsSince } from '../graph/posts-since.ts';
import { listOf } from '../graph/read-pages.ts';
import { seenForm } from '../text/normal-form.ts';
import type { AccountCall } from '../port/account.ts';
import type { PublishRun } from '../port/publish.ts';
import { callOf, callThreads, pathOf } from './api.ts';
import { threadsPostRefusal } from './errors.ts';

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
  return { edge, newest: await newestBeforeSend((limit, after) => readList(run, edge, limit, after)) };
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

/** Which post a container became. Time tells only where the newest post of before is not known, or not there any more. */
export async function findPublished(call: AccountCall, wanted: Wanted): Promise<Found<Listed>> {
  const { key, since, parent, takenPostIds } = wanted;
  const read = (limit: string, after: string | undefined) => readList(call, key.edge, limit, after);
  const { above, ...listed } = await postsSince(read, key.newest, since);
  const newer = above.filter(
    ({ id, replied_to: answered }) => !takenPostIds.has(id) && (parent === null || (answered?.id ?? parent) === parent),
  );
  const text = seenForm(wanted.text);
  return { match: newer.findLast((post) => seenForm(post.text ?? '') === text) ?? null, newer, ...listed };
}

/** Whether Threads has a post of this id. */
export function isOnThreads(call: AccountCall, id: string): Promise<boolean> {
  const asked = { method: 'GET', path: pathOf(id), query: { fields: 'id' }, effect: 'read' } as const;
  const refusalOf = threadsPostRefusal;
  return isThere(() => callThreads({ ...callOf(call, call.http), ...asked, answer: Node, refusalOf }));
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
