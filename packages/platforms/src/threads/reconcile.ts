import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { readStatus, StoredContainer } from './container.ts';
import { findPublished, ThreadsKey } from './find-published.ts';
import { postContainerStep } from './publish.ts';

/** A post that is known to be out and is not listed is given the container's id after this. */
const unlistedMsMax = 15 * 60_000;

/** Asks the containers of the post what became of them: a container is published once, by whoever asks for it. */
export async function reconcileThreads(query: ReconcileQuery): Promise<ReconcileFinding> {
  const ids = Object.entries(query.results).flatMap(([name, result]) =>
    name.startsWith(postContainerStep) ? (StoredContainer.safeParse(result).data?.id ?? []) : [],
  );
  if (ids.length === 0) return { kind: 'cannot_tell', evidence: 'no container is known' };
  for (const id of ids) {
    const { status } = await readStatus(query, query.http, id);
    if (status === 'PUBLISHED' || status === 'gone') return whatBecameOf(query, id, status);
    if (status === 'IN_PROGRESS') return { kind: 'inconclusive', evidence: `Threads is working on container ${id}` };
  }
  return { kind: 'not_seen', evidence: `container ${ids.join(', ')} was not published` };
}

/** A container that is gone says nothing: only the list can. */
async function whatBecameOf(
  query: ReconcileQuery,
  container: string,
  status: 'PUBLISHED' | 'gone',
): Promise<ReconcileFinding> {
  const parent = query.replyTo?.parent.platformPostId ?? null;
  const fallback = { edge: parent === null ? ('threads' as const) : ('replies' as const), newest: null };
  const key = ThreadsKey.safeParse(query.intent.key).data ?? fallback;
  const { content, takenPostIds, intent } = query;
  const post = await findPublished(query, { key, since: intent.startedAt, text: content.text, parent, takenPostIds });
  if (post !== null) {
    const evidence = `container ${container} was published, and post ${post.id} is the one that appeared`;
    return { kind: 'found', platformPostId: post.id, url: post.permalink ?? null, evidence };
  }
  if (status === 'gone')
    return { kind: 'not_seen', evidence: `container ${container} is gone and no post has its text` };
  const evidence = `container ${container} was published; the post is not listed yet`;
  if (query.askedAt.getTime() - intent.startedAt.getTime() < unlistedMsMax) return { kind: 'inconclusive', evidence };
  return {
    kind: 'found',
    platformPostId: container,
    url: null,
    evidence: `container ${container} was published; Threads does not list the post`,
  };
}
