import { z } from 'zod';
import { seenForm } from '../text/normal-form.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall } from '../port/account.ts';
import { accessTo } from '../connect/token-access.ts';
import { callBusiness, localPostName, postsOf } from './api.ts';

export const LocalPost = z.object({
  name: z.string().regex(localPostName),
  summary: z.string().default(''),
  topicType: z.string().optional().catch(undefined),
  state: z.string().optional().catch(undefined),
  createTime: z.string().optional().catch(undefined),
  searchUrl: z.string().optional().catch(undefined),
  event: z.object({ title: z.string().optional() }).optional().catch(undefined),
});
export type LocalPost = z.infer<typeof LocalPost>;
const Page = z.object({ localPosts: z.array(LocalPost).default([]), nextPageToken: z.string().max(1_000).optional() });

/** Stored before the first send: the newest post of before is what ours is listed above. `at` tells the first send from a repeat. */
export const SendKey = z.object({
  newest: z.string().nullable(),
  wasEmpty: z.boolean().default(false),
  at: z.string(),
});
export type SendKey = z.infer<typeof SendKey>;

/** Where Google did not tell, the time of the send has to do. */
export async function keyBeforeSend(call: AccountCall & { readonly now: Date }): Promise<SendKey> {
  const at = call.now.toISOString();
  try {
    const { localPosts } = await readPage(call, '1', undefined);
    return { newest: localPosts[0]?.name ?? null, wasEmpty: localPosts.length === 0, at };
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind.startsWith('auth_')) throw error;
    return { newest: null, wasEmpty: false, at };
  }
}

export interface Wanted {
  readonly key: Pick<SendKey, 'newest' | 'wasEmpty'>;
  /** When the first send began that may have arrived, by Google's clock as far as that is known. */
  readonly since: () => Date;
  readonly summary: string;
  readonly topicType: string;
  readonly eventTitle: string | null;
  readonly takenPostIds: ReadonlySet<string>;
}

/** Between Google's clock and what its answers say of it. */
const clockSkewMs = 60_000;
const pageSize = '100';
const pagesMax = 5;

/** Of the posts above the newest one of before, the oldest that is this one. */
export async function findPost(
  call: AccountCall,
  wanted: Wanted,
): Promise<{ readonly post: LocalPost | null; readonly newer: readonly LocalPost[]; readonly isComplete: boolean }> {
  const newer: LocalPost[] = [];
  let isComplete = false;
  let pageToken: string | undefined;
  for (let page = 0; page < pagesMax && !isComplete; page += 1) {
    const { localPosts, nextPageToken } = await readPage(call, pageSize, pageToken);
    const sinceMs = wanted.since().getTime() - clockSkewMs;
    const isBefore = (post: LocalPost) =>
      post.name === wanted.key.newest || (!wanted.key.wasEmpty && timeOf(post) < sinceMs);
    const end = localPosts.findIndex(isBefore);
    newer.push(...(end === -1 ? localPosts : localPosts.slice(0, end)));
    pageToken = nextPageToken;
    isComplete = end !== -1 || pageToken === undefined;
  }
  const post = newer.findLast(
    ({ name, summary, topicType, event }) =>
      !wanted.takenPostIds.has(name) &&
      seenForm(summary) === seenForm(wanted.summary) &&
      (topicType ?? wanted.topicType) === wanted.topicType &&
      seenForm(event?.title ?? '') === seenForm(wanted.eventTitle ?? ''),
  );
  return { post: post ?? null, newer, isComplete };
}

/** Newest first. https://developers.google.com/my-business/reference/rest/v4/accounts.locations.localPosts/list, read 2026-11. */
function readPage(call: AccountCall, size: string, pageToken: string | undefined) {
  return callBusiness({
    ...accessTo(call),
    host: 'posts',
    method: 'GET',
    path: postsOf(call),
    query: { pageSize: size, pageToken },
    effect: 'read',
    answer: Page,
  });
}

/** Without a time it may be any. */
function timeOf({ createTime }: LocalPost): number {
  const at = Date.parse(createTime ?? '');
  return Number.isNaN(at) ? Infinity : at;
}
