import { z } from 'zod';
import { PlatformError } from '../port/platform-error.ts';
import type { PostCall } from '../port/account.ts';
import type { TextContent } from '../port/content.ts';
import { takeOff } from '../answers/take-off.ts';
import { accessTo } from '../connect/token-access.ts';
import { callYouTube } from './api.ts';
import { readVideo } from './video.ts';

/** https://developers.google.com/youtube/v3/docs/videos/delete, read 2026-11. */
export async function removeFromYouTube(call: PostCall): Promise<'removed' | 'already_gone'> {
  return takeOff(() =>
    callYouTube({
      ...accessTo(call),
      method: 'DELETE',
      path: '/youtube/v3/videos',
      query: { id: call.post.platformPostId },
      effect: 'idempotent',
      answer: z.unknown(),
    }),
  );
}

/** The description; what else its words are stays as it is. https://developers.google.com/youtube/v3/docs/videos/update, read 2026-11. */
export async function editOnYouTube(call: PostCall & { readonly content: TextContent }): Promise<void> {
  const id = call.post.platformPostId;
  const video = await readVideo(call, call.http, { id, part: 'snippet' });
  if (video?.snippet === undefined)
    throw new PlatformError('not_found', 'The video is gone', { platformCode: 'videoNotFound' });
  const { channelId: _channel, ...snippet } = video.snippet;
  await callYouTube({
    ...accessTo(call),
    method: 'PUT',
    path: '/youtube/v3/videos',
    query: { part: 'snippet' },
    json: { id, snippet: { ...snippet, description: call.content.text } },
    effect: 'idempotent',
    answer: z.unknown(),
  });
}
