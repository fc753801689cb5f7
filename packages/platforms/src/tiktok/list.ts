import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { seenForm } from '../text/normal-form.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import { accessTo, type TokenAccess } from '../connect/token-access.ts';
import { callTikTok } from './api.ts';

const text = z.string().nullish().catch(null);
const Listed = z.object({
  id: foreignNumericId(),
  title: text,
  video_description: text,
  create_time: z.number().optional().catch(undefined),
  share_url: text,
});
export type Listed = z.infer<typeof Listed>;
const List = z.object({
  videos: z.array(Listed).default([]),
  cursor: z.number().optional().catch(undefined),
  has_more: z.boolean().default(false),
});

/** Name of the step whose result is the newest post of before the send; null where there was none, or it was not told. */
export const newestStep = 'newest';

export async function readNewest(call: TokenAccess, http: PlatformHttp): Promise<string | null> {
  try {
    const { videos } = await readPage(accessTo(call, http), { count: 1, cursor: undefined });
    return videos[0]?.id ?? null;
  } catch (error) {
    if (!(error instanceof PlatformError) || error.kind === 'auth_expired') throw error;
    return null;
  }
}

const pageSize = 20;
const pagesMax = 10;

/** What everybody sees of the account, newest first, down to the first that `isBefore` knows. */
export async function readPostsSince(
  call: TokenAccess,
  isBefore: (post: Listed) => boolean,
): Promise<{ posts: Listed[]; isComplete: boolean }> {
  const posts: Listed[] = [];
  let cursor: number | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const answer = await readPage(call, { count: pageSize, cursor });
    const boundary = answer.videos.findIndex(isBefore);
    posts.push(...(boundary === -1 ? answer.videos : answer.videos.slice(0, boundary)));
    cursor = answer.has_more ? answer.cursor : undefined;
    if (boundary !== -1 || cursor === undefined) return { posts, isComplete: true };
  }
  return { posts, isComplete: false };
}

/** https://developers.tiktok.com/doc/tiktok-api-v2-video-list, read 2026-11. */
function readPage(call: TokenAccess, { count, cursor }: { count: number; cursor: number | undefined }) {
  return callTikTok({
    ...accessTo(call),
    method: 'POST',
    path: '/v2/video/list/',
    query: { fields: 'id,title,video_description,create_time,share_url' },
    json: { max_count: count, ...(cursor === undefined ? {} : { cursor }) },
    effect: 'read',
    data: List,
  });
}

/** A text as it may come back. */
export function plain(given: string | null | undefined): string {
  return seenForm(given ?? '');
}
