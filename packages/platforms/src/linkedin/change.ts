import { z } from 'zod';
import { PlatformError } from '../port/platform-error.ts';
import type { PostCall } from '../port/account.ts';
import type { TextContent } from '../port/content.ts';
import { takeOff } from '../answers/take-off.ts';
import { accessTo } from '../connect/token-access.ts';
import { callLinkedIn } from './api.ts';
import { littleText } from './text.ts';

/** Deleting what is gone is told as done; whether it was there is asked for where that may be read. */
export async function removeFromLinkedIn(call: PostCall): Promise<'removed' | 'already_gone'> {
  const ask = { ...accessTo(call), path: pathOf(call), answer: z.unknown() };
  try {
    await callLinkedIn({ ...ask, method: 'GET', effect: 'read' });
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not_found') return 'already_gone';
    if (!(error instanceof PlatformError && error.kind === 'permission')) throw error;
  }
  return takeOff(() => callLinkedIn({ ...ask, method: 'DELETE', effect: 'idempotent' }));
}

/** The words of a post; what it shows stays. https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api#update-posts, read 2026-11. */
export async function editOnLinkedIn(call: PostCall & { readonly content: TextContent }): Promise<void> {
  await callLinkedIn({
    ...accessTo(call),
    method: 'POST',
    path: pathOf(call),
    json: { patch: { $set: { commentary: littleText(call.content.text) } } },
    restLiMethod: 'PARTIAL_UPDATE',
    effect: 'idempotent',
    answer: z.unknown(),
  });
}

function pathOf({ post }: PostCall): string {
  return `/rest/posts/${encodeURIComponent(post.platformPostId)}`;
}
