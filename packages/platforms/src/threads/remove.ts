import { z } from 'zod';
import type { PostCall } from '../port/account.ts';
import { takeOff } from '../answers/take-off.ts';
import { isKept } from '../graph/is-kept.ts';
import { callOf, callThreads, pathOf } from './api.ts';
import { threadsPostRefusal } from './errors.ts';

/** https://developers.facebook.com/docs/threads/posts/delete-posts, read 2026-11. 100 in 24 hours. */
export async function removeFromThreads(call: PostCall): Promise<'removed' | 'already_gone'> {
  const { platformPostId } = call.post;
  const own = { ...callOf(call, call.http), refusalOf: threadsPostRefusal };
  const request = { ...own, method: 'DELETE', path: pathOf(platformPostId) } as const;
  const answer = z.object({ success: z.literal(true) });
  const list = pathOf(call.account.externalId, '/threads');
  return takeOff(
    () => callThreads({ ...request, effect: 'idempotent', answer }),
    () => isKept(platformPostId, list, (asked) => callThreads({ ...own, ...asked })),
  );
}
