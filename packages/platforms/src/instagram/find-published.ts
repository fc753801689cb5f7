import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import type { Found } from '../graph/container-finding.ts';
import { isThere, newestBeforeSend, postsSince } from '../graph/posts-since.ts';
import { listOf } from '../graph/read-pages.ts';
import { seenForm } from '../text/normal-form.ts';
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
  return { edge, newest: await newestBeforeSend((limit, after) => readList(run, edge, limit, after)) };
}

export interface Wanted {
  readonly key: InstagramKey;
  /** When the first send began that may have arrived, by Instagram's clock; asked once the list has told that. */
  readonly since: () => Date;
  readonly caption: string;
  readonly takenPostIds: ReadonlySet<string>;
}

/** Which post a container became. Time tells only where the newest post of before is not known, or not there any more. */
export async function findPublished(
  call: AccountCall,
  { key, since, caption, takenPostIds }: Wanted,
): Promise<Found<Listed>> {
  const read = (limit: string, after: string | undefined) => readList(call, key.edge, limit, after);
  const { above, ...listed } = await postsSince(read, key.newest, since);
  const newer = above.filter(({ id }) => !takenPostIds.has(id));
  const wanted = seenForm(caption);
  const match =
    key.edge === 'stories' ? newer.at(-1) : newer.findLast((post) => seenForm(post.caption ?? '') === wanted);
  return { match: match ?? null, newer, ...listed };
}

const Node = z.object({ id: foreignNumericId() });

/** Whether Instagram has a post of this id. */
export function isOnInstagram(call: AccountCall, id: string): Promise<boolean> {
  const path = `/${encodeURIComponent(id)}`;
  const asked = { method: 'GET', path, query: { fields: 'id' }, effect: 'read' } as const;
  return isThere(() => callInstagram({ ...callOf(call, call.http), ...asked, answer: Node }));
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
