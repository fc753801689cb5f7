import { z } from 'zod';
import type { ReconcileQuery } from '../port/reconcile.ts';
import { PlatformError } from '../port/platform-error.ts';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { callX } from './api.ts';

const Url = z.object({ url: z.string(), expanded_url: z.string().optional(), media_key: z.string().optional() });

const Note = z
  .object({ text: z.string(), entities: z.object({ urls: z.array(Url).optional() }).optional() })
  .optional()
  .catch(undefined);

export const XPost = z.object({
  id: foreignNumericId(),
  text: z.string(),
  attachments: z
    .object({ media_keys: z.array(z.string()).optional() })
    .optional()
    .catch(undefined),
  created_at: z.string().optional().catch(undefined),
  /** All of a long text, of which `text` is the beginning. Under its new name it is `note_post`. */
  note_tweet: Note,
  note_post: Note,
  entities: z
    .object({ urls: z.array(Url).optional().catch(undefined) })
    .optional()
    .catch(undefined),
});
export type XPost = z.infer<typeof XPost>;

const Listing = listOf(XPost);
type Listing = z.infer<typeof Listing>;

/** X calls an answer a success that has errors in the place of its data: such a list shows nothing, and is not empty. */
export function listOf<Post extends z.ZodType>(post: Post) {
  return z
    .object({
      data: z.array(post).optional(),
      errors: z.array(z.unknown()).default([]),
      meta: z.object({ next_token: z.string().min(1).optional().catch(undefined) }).optional(),
    })
    .refine(({ data, errors }) => data !== undefined || errors.length === 0, { error: 'errors in the place of posts' })
    .transform(({ data = [], meta }) => ({ data, meta }));
}

export interface XTimeline {
  /** Newest first. */
  readonly posts: readonly XPost[];
  /** False: there are more than the pages that are read. */
  readonly isComplete: boolean;
  /** False: X left out what it was asked for, so that links, pictures and times cannot be compared. */
  readonly hasFields: boolean;
}

const pageSize = 100;
/** X itself shows no more than 3,200 posts. */
const pagesMax = 33;

/** X is half-way from `tweet` to `post` (https://docs.x.com/changelog, read 2026-11): the documents have one name, the description the other. */
const fieldParameters = ['tweet.fields', 'post.fields'] as const;
type FieldParameter = (typeof fieldParameters)[number];
const noteOf: Readonly<Record<FieldParameter, string>> = { 'tweet.fields': 'note_tweet', 'post.fields': 'note_post' };

export interface TimelineRange {
  /** Only what is newer; null: `isPast` alone ends the reading. */
  readonly sinceId: string | null;
  readonly isPast: (post: XPost) => boolean;
}

/** The account's own posts back to the range's end or the list's, under whichever name of the fields X takes. */
export async function readTimeline(query: ReconcileQuery, range: TimelineRange): Promise<XTimeline> {
  const [usual, other] = fieldParameters;
  const first = await readUnder(query, range, usual).catch((error: unknown) => {
    if (error instanceof PlatformError && error.kind === 'content') return null;
    throw error;
  });
  if (first?.hasFields === true) return first;
  try {
    return await readUnder(query, range, other);
  } catch (error) {
    if (first !== null && error instanceof PlatformError && error.kind === 'content') return first;
    throw error;
  }
}

async function readUnder(query: ReconcileQuery, range: TimelineRange, fields: FieldParameter): Promise<XTimeline> {
  const posts: XPost[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const listing = await readPage(query, { sinceId: range.sinceId, fields, nextToken });
    posts.push(...listing.data);
    const hasFields = posts.length === 0 || posts.some((post) => post.created_at !== undefined);
    if (!hasFields) return { posts, isComplete: false, hasFields };
    const isOver = listing.data.length > 0 && listing.data.every(range.isPast);
    nextToken = listing.meta?.next_token;
    if (nextToken === undefined || isOver) return { posts, isComplete: true, hasFields };
  }
  return { posts, isComplete: false, hasFields: true };
}

function readPage(
  { endpoints, http, account, accessToken }: ReconcileQuery,
  wanted: { sinceId: string | null; fields: FieldParameter; nextToken: string | undefined },
): Promise<Listing> {
  const parameters = new URLSearchParams({
    max_results: String(pageSize),
    ...(wanted.sinceId === null ? {} : { since_id: wanted.sinceId }),
    [wanted.fields]: `created_at,text,entities,attachments,${noteOf[wanted.fields]}`,
    exclude: 'retweets',
    ...(wanted.nextToken === undefined ? {} : { pagination_token: wanted.nextToken }),
  });
  const path = `/2/users/${encodeURIComponent(account.externalId)}/tweets?${parameters.toString()}`;
  return callX({ endpoints, http, accessToken, method: 'GET', path, effect: 'read', answer: Listing });
}

const Found = z.object({ data: z.object({ id: z.string() }).optional() });

/** Whether a post is on X now. */
export async function isOnX({ endpoints, http, accessToken }: ReconcileQuery, id: string): Promise<boolean> {
  try {
    const path = `/2/tweets/${encodeURIComponent(id)}`;
    const call = { endpoints, http, accessToken, method: 'GET', path, effect: 'read' } as const;
    return (await callX({ ...call, answer: Found })).data !== undefined;
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not_found') return false;
    throw error;
  }
}
