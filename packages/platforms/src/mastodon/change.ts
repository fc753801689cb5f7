import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PostCall } from '../port/account.ts';
import type { TextContent } from '../port/content.ts';
import { takeOff } from '../answers/take-off.ts';
import { callMastodon, instanceOf } from './api.ts';
import { readStatus } from './listing.ts';

/** https://docs.joinmastodon.org/methods/statuses/#delete, read 2026-11. 30 in 30 minutes. Somebody else's post is told as not found. */
export async function removeFromMastodon(call: PostCall): Promise<'removed' | 'already_gone'> {
  return takeOff(
    () => callMastodon({ ...statusOf(call), method: 'DELETE', effect: 'idempotent', answer: z.unknown() }),
    async () => (await readStatus(call, call.post.platformPostId)) !== null,
  );
}

const Shown = z.object({
  spoiler_text: z.string().default(''),
  sensitive: z.boolean().default(false),
  language: z.string().nullish().catch(null),
  poll: z.unknown().optional(),
  media_attachments: z.array(z.object({ id: foreignId() })).default([]),
});

/**
 * What an edit leaves out is taken away: files, warning and language are sent as they are. A poll cannot be sent again without its votes
 * being lost. https://docs.joinmastodon.org/methods/statuses/#edit, read 2026-11.
 */
export async function editOnMastodon(call: PostCall & { readonly content: TextContent }): Promise<void> {
  const status = statusOf(call);
  const shown = await callMastodon({ ...status, method: 'GET', effect: 'read', answer: Shown });
  if (shown.poll !== null && shown.poll !== undefined)
    throw new PlatformError('content', 'An edit of a post with a poll would delete its votes', {
      platformCode: 'poll_kept',
    });
  const { spoiler_text, sensitive, language, media_attachments: files } = shown;
  const json = {
    status: call.content.text,
    spoiler_text,
    sensitive,
    ...(typeof language === 'string' ? { language } : {}),
    ...(files.length === 0 ? {} : { media_ids: files.map(({ id }) => id) }),
  };
  await callMastodon({ ...status, method: 'PUT', json, effect: 'idempotent', answer: z.object({ id: foreignId() }) });
}

function statusOf({ http, account, accessToken, post }: PostCall) {
  const path = `/api/v1/statuses/${encodeURIComponent(post.platformPostId)}`;
  return { http, instance: instanceOf(account), accessToken, path };
}
