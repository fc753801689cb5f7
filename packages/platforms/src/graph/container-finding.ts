import { listenToPlatformClock } from '../http/platform-clock.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { resembles } from '../text/resembles.ts';
import { postContainerIn } from './ready-container.ts';

/** What is listed above the newest post of before. */
export interface Found<Post> {
  /** The oldest that is this post by its words. */
  readonly match: Post | null;
  /** All that are new and nobody else's, newest first. */
  readonly newer: readonly Post[];
  /** Ids of everything that was listed. */
  readonly ids: ReadonlySet<string>;
  /** The list was read to where it had to be. */
  readonly isComplete: boolean;
}

interface ContainerPlatform<Post> {
  readonly name: string;
  /** The platform's list, as a sentence names it: "Instagram's list". */
  readonly list: string;
  /** What the platform calls the words of a post. */
  readonly words: string;
  readonly wordsOf: (post: Post) => string;
  readonly statusOf: (query: ReconcileQuery, container: string) => Promise<string>;
  readonly find: (query: ReconcileQuery, since: () => Date) => Promise<Found<Post>>;
  readonly has: (query: ReconcileQuery, post: string) => Promise<boolean>;
}

/** A post that is known to be out and is not listed is given the container's id after this. */
const unlistedMsMax = 15 * 60_000;

/** Asks the containers of the post what became of them: a container is published once, by whoever asks for it. */
export async function reconcileContainers<Post extends { id: string; permalink?: string | undefined }>(
  platform: ContainerPlatform<Post>,
  asked: ReconcileQuery,
): Promise<ReconcileFinding> {
  const clock = listenToPlatformClock(asked.http, asked.askedAt);
  const query = { ...asked, http: clock.http };
  const since = () => clock.timeOf(query.intent.startedAt);
  const ids = Object.entries(query.results).flatMap(([name, result]) => postContainerIn(name, result) ?? []);
  if (ids.length === 0) return { kind: 'cannot_tell', evidence: 'no container is known' };
  for (const id of ids) {
    const status = await platform.statusOf(query, id);
    if (status === 'PUBLISHED' || status === 'gone')
      return whatBecameOf(platform, query, id, status, await platform.find(query, since));
    if (status === 'IN_PROGRESS')
      return { kind: 'inconclusive', evidence: `${platform.name} is working on container ${id}` };
  }
  return { kind: 'not_seen', evidence: `container ${ids.join(', ')} was not published` };
}

/** A container that is gone says nothing: only the list can, and a new post of other words is a doubt there. */
async function whatBecameOf<Post extends { id: string; permalink?: string | undefined }>(
  platform: ContainerPlatform<Post>,
  query: ReconcileQuery,
  container: string,
  status: 'PUBLISHED' | 'gone',
  found: Found<Post>,
): Promise<ReconcileFinding> {
  const [only] = found.newer.length === 1 ? found.newer : [];
  const post = found.match ?? (status === 'PUBLISHED' ? only : undefined);
  if (post !== undefined) {
    const evidence = `container ${container} was published, and post ${post.id} is the one that appeared`;
    return { kind: 'found', platformPostId: post.id, url: post.permalink ?? null, evidence };
  }
  if (status === 'gone') return whatIsNew(platform, query, found, container);
  const evidence = `container ${container} was published; the post is not listed yet`;
  if (query.askedAt.getTime() - query.intent.startedAt.getTime() < unlistedMsMax)
    return { kind: 'inconclusive', evidence };
  return {
    kind: 'found',
    platformPostId: container,
    url: null,
    evidence: `container ${container} was published; ${platform.name} does not list the post`,
  };
}

const missingMax = 3;

async function whatIsNew<Post extends { id: string }>(
  { name, list, words, wordsOf, has }: ContainerPlatform<Post>,
  query: ReconcileQuery,
  found: Found<Post>,
  container: string,
): Promise<ReconcileFinding> {
  if (!found.isComplete) return { kind: 'cannot_tell', evidence: `More than ${found.ids.size} posts were made since.` };
  for (const id of query.knownSince.filter((known) => !found.ids.has(known)).slice(0, missingMax))
    if (await has(query, id))
      return { kind: 'inconclusive', evidence: `post ${id}, which is there, is missing from ${list}` };
  const evidence = `container ${container} is gone and no post has its ${words}`;
  const [only] = found.newer.length === 1 ? found.newer : [];
  const similar = found.newer.find((post) => resembles(query.content.text, wordsOf(post))) ?? only;
  if (similar === undefined) return { kind: 'not_seen', evidence };
  const doubt = `Post ${similar.id} is new since the send and may be this one, changed by ${name}.`;
  return { kind: 'not_seen', evidence, doubt };
}
