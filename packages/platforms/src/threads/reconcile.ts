import { listenToPlatformClock } from '../platform-clock.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { resembles } from '../text/resembles.ts';
import { readStatus, StoredContainer } from './container.ts';
import { type Found, findPublished, isOnThreads, ThreadsKey } from './find-published.ts';
import { postContainerStep } from './publish.ts';

/** A post that is known to be out and is not listed is given the container's id after this. */
const unlistedMsMax = 15 * 60_000;

/** Asks the containers of the post what became of them: a container is published once, by whoever asks for it. */
export async function reconcileThreads(asked: ReconcileQuery): Promise<ReconcileFinding> {
  const clock = listenToPlatformClock(asked.http, asked.askedAt);
  const query = { ...asked, http: clock.http };
  const since = () => clock.timeOf(query.intent.startedAt);
  const ids = Object.entries(query.results).flatMap(([name, result]) =>
    name.startsWith(postContainerStep) ? (StoredContainer.safeParse(result).data?.id ?? []) : [],
  );
  if (ids.length === 0) return { kind: 'cannot_tell', evidence: 'no container is known' };
  for (const id of ids) {
    const { status } = await readStatus(query, query.http, id);
    if (status === 'PUBLISHED' || status === 'gone') return whatBecameOf(query, id, status, since);
    if (status === 'IN_PROGRESS') return { kind: 'inconclusive', evidence: `Threads is working on container ${id}` };
  }
  return { kind: 'not_seen', evidence: `container ${ids.join(', ')} was not published` };
}

/** A container that is gone says nothing: only the list can, and a new post of other words is a doubt there. */
async function whatBecameOf(
  query: ReconcileQuery,
  container: string,
  status: 'PUBLISHED' | 'gone',
  since: () => Date,
): Promise<ReconcileFinding> {
  const parent = query.replyTo?.parent.platformPostId ?? null;
  const fallback = { edge: parent === null ? ('threads' as const) : ('replies' as const), newest: null };
  const key = ThreadsKey.safeParse(query.intent.key).data ?? fallback;
  const { content, takenPostIds, intent } = query;
  const found = await findPublished(query, { key, since, text: content.text, parent, takenPostIds });
  const [only] = found.newer.length === 1 ? found.newer : [];
  const post = found.match ?? (status === 'PUBLISHED' ? only : undefined);
  if (post !== undefined) {
    const evidence = `container ${container} was published, and post ${post.id} is the one that appeared`;
    return { kind: 'found', platformPostId: post.id, url: post.permalink ?? null, evidence };
  }
  if (status === 'gone') return whatIsNew(query, found, container);
  const evidence = `container ${container} was published; the post is not listed yet`;
  if (query.askedAt.getTime() - intent.startedAt.getTime() < unlistedMsMax) return { kind: 'inconclusive', evidence };
  return {
    kind: 'found',
    platformPostId: container,
    url: null,
    evidence: `container ${container} was published; Threads does not list the post`,
  };
}

async function whatIsNew(query: ReconcileQuery, found: Found, container: string): Promise<ReconcileFinding> {
  if (!found.isComplete) return { kind: 'cannot_tell', evidence: `More than ${found.ids.size} posts were made since.` };
  for (const id of query.knownSince.filter((known) => !found.ids.has(known)).slice(0, missingMax))
    if (await isOnThreads(query, id))
      return { kind: 'inconclusive', evidence: `post ${id}, which is there, is missing from Threads' list` };
  const evidence = `container ${container} is gone and no post has its text`;
  const [only] = found.newer.length === 1 ? found.newer : [];
  const similar = found.newer.find(({ text = '' }) => resembles(query.content.text, text)) ?? only;
  if (similar === undefined) return { kind: 'not_seen', evidence };
  const doubt = `Post ${similar.id} is new since the send and may be this one, changed by Threads.`;
  return { kind: 'not_seen', evidence, doubt };
}

const missingMax = 3;
