import { z } from 'zod';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { callX } from './api.ts';
import { xPostUrl } from './publish.ts';
import { XUpload } from './upload.ts';
import { fingerprintOfText, fingerprintsOfPost } from './text.ts';

/** Our clock may run ahead of X's by this much. */
const clockSkewMs = 60_000;
const pagesMax = 5;

/** Looks through what the account posted since the send. The oldest match wins: a later one is a repeat by somebody else. */
export async function reconcileX(query: ReconcileQuery): Promise<ReconcileFinding> {
  const since = new Date(query.intent.startedAt.getTime() - clockSkewMs);
  const { posts, isComplete } = await postsSince(query, since);
  const isOurs = matcher(query);
  const match = posts
    .filter((post) => !query.takenPostIds.has(post.id))
    .filter(({ created_at: createdAt }) => createdAt === undefined || Date.parse(createdAt) >= since.getTime())
    .filter(isOurs)
    .at(-1);
  if (match === undefined && !isComplete) {
    return { kind: 'cannot_tell', evidence: `More than ${posts.length} posts were made since ${since.toISOString()}.` };
  }
  if (match === undefined) {
    return { kind: 'not_seen', evidence: `none of ${posts.length} posts since ${since.toISOString()} is this one` };
  }
  const evidence = `post ${match.id} of ${match.created_at ?? 'unknown time'} is this one`;
  return { kind: 'found', platformPostId: match.id, url: xPostUrl(query.account, match.id), evidence };
}

const Post = z.object({
  id: z.string().min(1),
  text: z.string(),
  attachments: z
    .object({ media_keys: z.array(z.string()).optional() })
    .optional()
    .catch(undefined),
  created_at: z.string().optional(),
  entities: z
    .object({
      urls: z
        .array(z.object({ url: z.string(), expanded_url: z.string(), media_key: z.string().optional() }))
        .optional(),
    })
    .optional()
    .catch(undefined),
});
type Post = z.infer<typeof Post>;

const Listing = z.object({
  data: z.array(Post).default([]),
  meta: z.object({ next_token: z.string().optional() }).optional(),
});

/** By the keys of its media, which no other post has; without media by its text. */
function matcher({ content, results }: ReconcileQuery): (post: Post) => boolean {
  const keys = Object.values(results).flatMap((result) => XUpload.safeParse(result).data?.mediaKey ?? []);
  if (keys.length > 0) return ({ attachments }) => (attachments?.media_keys ?? []).some((key) => keys.includes(key));
  const wanted = fingerprintOfText(content.text);
  return ({ text, entities }) => fingerprintsOfPost(text, entities?.urls ?? []).includes(wanted);
}

/** Newest first. Not complete: there are more than the pages that are read. */
async function postsSince(
  { endpoints, http, account, accessToken }: ReconcileQuery,
  since: Date,
): Promise<{ posts: Post[]; isComplete: boolean }> {
  const posts: Post[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const parameters = new URLSearchParams({
      max_results: '100',
      start_time: `${since.toISOString().slice(0, 19)}Z`,
      'tweet.fields': 'created_at,text,entities,attachments',
      exclude: 'retweets',
      ...(nextToken === undefined ? {} : { pagination_token: nextToken }),
    });
    const path = `/2/users/${encodeURIComponent(account.externalId)}/tweets?${parameters.toString()}`;
    const listing = await callX({ endpoints, http, accessToken, method: 'GET', path, effect: 'read', answer: Listing });
    posts.push(...listing.data);
    nextToken = listing.meta?.next_token;
    if (nextToken === undefined) return { posts, isComplete: true };
  }
  return { posts, isComplete: false };
}
