import { z } from 'zod';
import type { PostCall } from '../port/account.ts';
import type { TextContent } from '../port/content.ts';
import { takeOff } from '../answers/take-off.ts';
import { accessTo } from '../connect/token-access.ts';
import { callPinterest } from './api.ts';

export async function removeFromPinterest(call: PostCall): Promise<'removed' | 'already_gone'> {
  return takeOff(() => callPinterest({ ...pin(call), method: 'DELETE', effect: 'idempotent', answer: z.unknown() }));
}

/** Its description; not every application may. https://developers.pinterest.com/docs/api/v5/pins-update, read 2026-11. */
export async function editOnPinterest(call: PostCall & { readonly content: TextContent }): Promise<void> {
  const json = { description: call.content.text };
  await callPinterest({ ...pin(call), method: 'PATCH', json, effect: 'idempotent', answer: z.unknown() });
}

function pin(call: PostCall) {
  return { ...accessTo(call), path: `/v5/pins/${encodeURIComponent(call.post.platformPostId)}` };
}
