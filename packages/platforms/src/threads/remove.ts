import { z } from 'zod';
import type { PostCall } from '../port/account.ts';
import { takeOff } from '../answers/take-off.ts';
import { callOf, callThreads, pathOf } from './api.ts';

/** https://developers.facebook.com/docs/threads/posts/delete-posts, read 2026-11. 100 in 24 hours. */
export async function removeFromThreads(call: PostCall): Promise<'removed' | 'already_gone'> {
  const request = { ...callOf(call, call.http), method: 'DELETE', path: pathOf(call.post.platformPostId) } as const;
  const answer = z.object({ success: z.literal(true) });
  return takeOff(() => callThreads({ ...request, effect: 'idempotent', answer }));
}
