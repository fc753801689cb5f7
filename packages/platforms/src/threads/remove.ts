import { z } from 'zod';
import { PlatformError } from '../platform-error.ts';
import type { PostCall } from '../port/account.ts';
import { callOf, callThreads, pathOf } from './api.ts';

/** https://developers.facebook.com/docs/threads/posts/delete-posts, read 2026-11. 100 in 24 hours. */
export async function removeFromThreads(call: PostCall): Promise<'removed' | 'already_gone'> {
  const request = { ...callOf(call, call.http), method: 'DELETE', path: pathOf(call.post.platformPostId) } as const;
  try {
    await callThreads({ ...request, effect: 'idempotent', answer: z.object({ success: z.literal(true) }) });
    return 'removed';
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not_found') return 'already_gone';
    throw error;
  }
}
