import { z } from 'zod';
import type { PostCall } from '../port/account.ts';
import type { TextContent } from '../port/content.ts';
import { takeOff } from '../answers/take-off.ts';
import { PlatformError } from '../port/platform-error.ts';
import { accessTo } from '../connect/token-access.ts';
import { callBusiness, pathOfPost } from './api.ts';

/** https://developers.google.com/my-business/reference/rest/v4/accounts.locations.localPosts/delete, read 2026-11. */
export async function removeFromBusiness(call: PostCall): Promise<'removed' | 'already_gone'> {
  return takeOff(() =>
    callBusiness({
      ...accessTo(call),
      host: 'posts',
      method: 'DELETE',
      path: ownPost(call),
      effect: 'idempotent',
      answer: z.unknown(),
    }),
  );
}

/** The text. https://developers.google.com/my-business/reference/rest/v4/accounts.locations.localPosts/patch, read 2026-11. */
export async function editOnBusiness(call: PostCall & { readonly content: TextContent }): Promise<void> {
  await callBusiness({
    ...accessTo(call),
    host: 'posts',
    method: 'PATCH',
    path: ownPost(call),
    query: { updateMask: 'summary' },
    json: { summary: call.content.text },
    effect: 'idempotent',
    answer: z.unknown(),
  });
}

/** A grant opens the locations of a person, and its token all their posts: only those of this one are touched. */
function ownPost({ account, post }: PostCall): string {
  const [, , , location] = post.platformPostId.split('/');
  if (location === account.externalId) return pathOfPost(post.platformPostId);
  throw new PlatformError('permission', 'The post is not one of this location', { platformCode: 'not_own' });
}
