import { z } from 'zod';
import type { PostCall } from '../port/account.ts';
import type { TextContent } from '../port/content.ts';
import { takeOff } from '../answers/take-off.ts';
import { isKept } from '../graph/is-kept.ts';
import { PlatformError } from '../port/platform-error.ts';
import { callFacebook } from './api.ts';
import { callOf } from './publish-feed.ts';

const Done = z.object({ success: z.literal(true) });

export async function removeFromFacebook(call: PostCall): Promise<'removed' | 'already_gone'> {
  const path = `/${encodeURIComponent(call.post.platformPostId)}`;
  const own = callOf(call, call.http);
  await requireOwn(call, path);
  const list = `/${encodeURIComponent(call.account.externalId)}/published_posts`;
  return takeOff(
    () => callFacebook({ ...own, method: 'DELETE', path, effect: 'idempotent', answer: Done }),
    () => isKept(call.post.platformPostId, list, (request) => callFacebook({ ...own, ...request })),
  );
}

const Written = z.object({
  from: z.object({ id: z.string() }).optional().catch(undefined),
});

/** The page's token takes off what visitors wrote on the page, too. What does not say by whom it is, is tried. */
async function requireOwn(call: PostCall, path: string): Promise<void> {
  const asked = { method: 'GET', path, query: { fields: 'from{id}' }, effect: 'read', answer: Written } as const;
  const { from } = await callFacebook({ ...callOf(call, call.http), ...asked }).catch((error: unknown) => {
    if (error instanceof PlatformError && ['content', 'not_found', 'permission'].includes(error.kind))
      return { from: undefined };
    throw error;
  });
  if (from === undefined || from.id === call.account.externalId) return;
  throw new PlatformError('permission', 'The post is not one of this page', { platformCode: 'not_own' });
}

/** The words of a post; pictures, videos and links stay. */
export async function editOnFacebook(call: PostCall & { readonly content: TextContent }): Promise<void> {
  const path = `/${encodeURIComponent(call.post.platformPostId)}`;
  const form = { message: call.content.text };
  await callFacebook({ ...callOf(call, call.http), method: 'POST', path, form, effect: 'idempotent', answer: Done });
}
