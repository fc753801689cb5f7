import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { seenForm } from '../text/normal-form.ts';
import { listenToPlatformClock } from '../http/platform-clock.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { resembles } from '../text/resembles.ts';
import { accessTo } from '../connect/token-access.ts';
import { callLinkedIn } from './api.ts';
import { linkedInPostUrl } from './post-url.ts';
import { littleText, plainText } from './text.ts';
import { assetStep, BegunAsset } from './upload-until-there.ts';

const Post = z.object({
  id: foreignId(),
  commentary: z.string().default(''),
  createdAt: z.number().optional().catch(undefined),
  content: z.unknown().optional(),
});
type Post = z.infer<typeof Post>;
const Posts = z.object({ elements: z.array(Post) });

const pageSize = 50;
const pagesMax = 6;
/** Between what LinkedIn's answers say of its clock, and its clock. */
const clockSkewMs = 60_000;

/** Looks through what the author posted since the send: by what was uploaded for it, else by its text. The oldest match wins. */
export async function reconcileLinkedIn(asked: ReconcileQuery): Promise<ReconcileFinding> {
  const clock = listenToPlatformClock(asked.http, asked.askedAt);
  const query = { ...asked, http: clock.http };
  const listed = await readPosts(query, () => sinceOf());
  if (listed === null) {
    const evidence = 'LinkedIn does not let this application read what the author has posted.';
    return { kind: 'cannot_tell', evidence };
  }
  function sinceOf(): number {
    return clock.timeOf(query.intent.startedAt).getTime() - clockSkewMs;
  }
  const since = sinceOf();
  const recent = listed.posts.filter(({ createdAt }) => createdAt === undefined || createdAt >= since);
  const isOurs = matchOf(query);
  const strangers = recent.filter(({ id }) => !query.takenPostIds.has(id));
  const match = strangers.findLast(isOurs);
  if (match !== undefined) {
    const evidence = `post ${match.id} is this one`;
    return { kind: 'found', platformPostId: match.id, url: linkedInPostUrl(match.id), evidence };
  }
  if (!listed.isComplete) return { kind: 'cannot_tell', evidence: `More than ${recent.length} posts were made since.` };
  const missing = await findMissing(query, new Set(listed.posts.map(({ id }) => id)));
  if (missing !== null)
    return { kind: 'inconclusive', evidence: `post ${missing}, which is there, is missing from LinkedIn's list` };
  const evidence = `none of ${recent.length} posts since is this one`;
  const hasMedia = assetsOf(query).length > 0;
  const similar = hasMedia ? undefined : strangers.find((post) => isAlike(query.content.text, post));
  if (similar === undefined) return { kind: 'not_seen', evidence };
  const doubt = `Post ${similar.id} is new since the send and may be this one, changed by LinkedIn.`;
  return { kind: 'not_seen', evidence, doubt };
}

/** Newest first, over short pages to an empty one: LinkedIn leaves out of a page what it does not show. Null where the account may not be read: most applications may only write for a person. */
async function readPosts(
  query: ReconcileQuery,
  since: () => number,
): Promise<{ posts: readonly Post[]; isComplete: boolean } | null> {
  const posts: Post[] = [];
  for (let page = 0; page < pagesMax; page += 1) {
    const elements = await readPage(query, page * pageSize);
    if (elements === null) return null;
    posts.push(...elements);
    const isPast = elements.some(({ createdAt }) => createdAt !== undefined && createdAt < since());
    if (isPast || elements.length === 0) return { posts, isComplete: true };
  }
  return { posts, isComplete: false };
}

async function readPage(query: ReconcileQuery, start: number): Promise<readonly Post[] | null> {
  try {
    const { elements } = await callLinkedIn({
      ...accessTo(query),
      method: 'GET',
      path: '/rest/posts',
      query: {
        author: query.account.externalId,
        q: 'author',
        count: String(pageSize),
        start: String(start),
        sortBy: 'CREATED',
      },
      restLiMethod: 'FINDER',
      effect: 'read',
      answer: Posts,
    });
    return elements;
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'permission') return null;
    throw error;
  }
}

function assetsOf({ results }: ReconcileQuery): string[] {
  return Object.entries(results).flatMap(([name, result]) =>
    name.endsWith(`: ${assetStep}`) ? (BegunAsset.safeParse(result).data?.urn ?? []) : [],
  );
}

/** What was uploaded for a post stands in no other one. */
function matchOf(query: ReconcileQuery): (post: Post) => boolean {
  const assets = assetsOf(query);
  if (assets.length > 0) {
    return ({ content }) => {
      const shown = JSON.stringify(content ?? null);
      return assets.some((urn) => shown.includes(JSON.stringify(urn)));
    };
  }
  const wanted = seenForm(plainText(littleText(query.content.text)));
  return ({ commentary }) => seenForm(plainText(commentary)) === wanted;
}

function isAlike(text: string, { commentary }: Post): boolean {
  return resembles(text, plainText(commentary));
}

const missingMax = 3;

/** A post of ours that is on LinkedIn and not in its list. */
async function findMissing(query: ReconcileQuery, listed: ReadonlySet<string>): Promise<string | null> {
  const expected = query.knownSince.filter((id) => !listed.has(id)).slice(0, missingMax);
  for (const id of expected) if (await isThere(query, id)) return id;
  return null;
}

async function isThere(query: ReconcileQuery, urn: string): Promise<boolean> {
  try {
    const path = `/rest/posts/${encodeURIComponent(urn)}`;
    await callLinkedIn({ ...accessTo(query), method: 'GET', path, effect: 'read', answer: z.unknown() });
    return true;
  } catch (error) {
    if (error instanceof PlatformError && (error.kind === 'not_found' || error.kind === 'permission')) return false;
    throw error;
  }
}
