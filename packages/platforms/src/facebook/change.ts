import { z } from 'zod';
import type { PostCall } from '../port/account.ts';
import type { TextContent } from '../port/content.ts';
import { takeOff } from '../answers/take-off.ts';
import { isKept } from '../graph/is-kept.ts';
import { callFacebook } from './api.ts';
import { callOf } from './publish-feed.ts';

const Done = z.object({ success: z.literal(true) });

export async function removeFromFacebook(call: PostCall): Promise<'removed' | 'already_gone'> {
  const path = `/${encodeURIComponent(call.post.platformPostId)}`;
  const own = callOf(call, call.http);
  const list = `/${encodeURIComponent(call.account.externalId)}/published_posts`;
  return takeOff(
    () => callFacebook({ ...own, method: 'DELETE', path, effect: 'idempotent', answer: Done }),
    () => isKept(call.post.platformPostId, list, (request) => callFacebook({ ...own, ...request })),
  );
}

/** The words of a post; pictures, videos and links stay. */
export async function editOnFacebook(call: PostCall & { readonly content: TextContent }): Promise<void> {
  const path = `/${encodeURIComponent(call.post.platformPostId)}`;
  const form = { message: call.content.text };
  await callFacebook({ ...callOf(call, call.http), method: 'POST', path, form, effect: 'idempotent', answer: Done });
}
