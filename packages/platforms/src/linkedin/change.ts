import { z } from 'zod';
import { PlatformError } from '../port/platform-error.ts';
import type { PostCall } from '../port/account.ts';
import type { TextContent } from '../port/content.ts';
import { takeOff } from '../answers/take-off.ts';
import { accessTo } from '../connect/token-access.ts';
import { callLinkedIn } from './api.ts';
import { isOrganization } from './members.ts';
import { littleText } from './text.ts';

/** Deleting what is gone is told as done; whether it was there is asked for where that may be read. */
export async function removeFromLinkedIn(call: PostCall): Promise<'removed' | 'already_gone'> {
  if ((await requireOwn(call)) === 'gone') return 'already_gone';
  const request = { ...accessTo(call), method: 'DELETE', path: pathOf(call), effect: 'idempotent' } as const;
  return takeOff(() => callLinkedIn({ ...request, answer: z.unknown() }));
}

const Post = z.object({ author: z.string().optional().catch(undefined) }).catch({});

/**
 * Whether the post is there, as far as that may be read. A consent opens a person and organizations, and its token the posts of them all:
 * only those of this account are touched.
 */
async function requireOwn(call: PostCall): Promise<'there' | 'gone'> {
  const { externalId } = call.account;
  try {
    const request = { ...accessTo(call), method: 'GET', path: pathOf(call), effect: 'read' } as const;
    const { author = externalId } = await callLinkedIn({ ...request, answer: Post });
    if (author === externalId || !(isOrganization(author) || isOrganization(externalId))) return 'there';
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not_found') return 'gone';
    if (error instanceof PlatformError && error.kind === 'permission') return 'there';
    throw error;
  }
  throw new PlatformError('permission', 'The post is not one of this account', { platformCode: 'not_own' });
}

/** The words of a post; what it shows stays. https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api#update-posts, read 2026-11. */
export async function editOnLinkedIn(call: PostCall & { readonly content: TextContent }): Promise<void> {
  await requireOwn(call);
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
