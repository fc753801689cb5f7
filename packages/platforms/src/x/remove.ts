import { z } from 'zod';
import { PlatformError } from '../port/platform-error.ts';
import type { PostCall } from '../port/account.ts';
import { callX } from './api.ts';

const Deleted = z.object({ data: z.object({ deleted: z.boolean() }) });

/** https://docs.x.com/x-api/posts/delete-post, read 2026-11: what is not there is told as not deleted. */
export async function removeFromX(call: PostCall): Promise<'removed' | 'already_gone'> {
  const path = `/2/tweets/${encodeURIComponent(call.post.platformPostId)}`;
  try {
    const { data } = await callX({ ...call, method: 'DELETE', path, effect: 'idempotent', answer: Deleted });
    return data.deleted ? 'removed' : 'already_gone';
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not_found') return 'already_gone';
    throw error;
  }
}
