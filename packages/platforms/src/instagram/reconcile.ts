import { PlatformError } from '../platform-error.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { readStatus, StoredContainer } from './container.ts';
import { findPublished, InstagramKey } from './find-published.ts';
import { postContainerStep } from './publish.ts';

/** A post that is known to be out and is not listed is given the container's id after this. */
const unlistedMsMax = 15 * 60_000;

/** Asks the containers of the post what became of them: a container is published once, by whoever asks for it. */
export async function reconcileInstagram(query: ReconcileQuery): Promise<ReconcileFinding> {
  const ids = Object.entries(query.results).flatMap(([name, result]) =>
    name.startsWith(postContainerStep) ? (StoredContainer.safeParse(result).data?.id ?? []) : [],
  );
  if (ids.length === 0) return { kind: 'cannot_tell', evidence: 'no container is known' };
  for (const id of ids) {
    const code = await statusOf(query, id);
    if (code === 'PUBLISHED' || code === 'gone') return whatBecameOf(query, id, code);
    if (code === 'IN_PROGRESS') return { kind: 'inconclusive', evidence: `Instagram is working on container ${id}` };
  }
  return { kind: 'not_seen', evidence: `container ${ids.join(', ')} was not published` };
}

async function statusOf(query: ReconcileQuery, id: string) {
  try {
    return (await readStatus(query, query.http, id)).status_code;
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not_found') return 'gone';
    throw error;
  }
}

/** A container that is gone says nothing: only the list can. */
async function whatBecameOf(
  query: ReconcileQuery,
  container: string,
  code: 'PUBLISHED' | 'gone',
): Promise<ReconcileFinding> {
  const key = InstagramKey.safeParse(query.intent.key).data ?? { edge: 'media', newest: null };
  const { content, takenPostIds, intent } = query;
  const wanted = { key, since: intent.startedAt, caption: content.text, takenPostIds };
  const post = await findPublished(query, wanted);
  if (post !== null) {
    const evidence = `container ${container} was published, and post ${post.id} is the one that appeared`;
    return { kind: 'found', platformPostId: post.id, url: post.permalink ?? null, evidence };
  }
  if (code === 'gone')
    return { kind: 'not_seen', evidence: `container ${container} is gone and no post has its caption` };
  const evidence = `container ${container} was published; the post is not listed yet`;
  if (query.askedAt.getTime() - intent.startedAt.getTime() < unlistedMsMax) return { kind: 'inconclusive', evidence };
  return {
    kind: 'found',
    platformPostId: container,
    url: null,
    evidence: `container ${container} was published; Instagram does not list the post`,
  };
}
