import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall } from '../port/account.ts';
import { accessTo } from '../connect/token-access.ts';
import { callYouTube } from './api.ts';
import { Videos } from './video.ts';

const Uploads = z.object({
  items: z
    .array(
      z.object({
        contentDetails: z
          .object({ relatedPlaylists: z.object({ uploads: foreignId().optional().catch(undefined) }).optional() })
          .optional(),
      }),
    )
    .default([]),
});
const Items = z.object({
  items: z.array(z.object({ contentDetails: z.object({ videoId: foreignId() }) })).default([]),
});

/**
 * The video that came of a session whose last answer was lost and that YouTube has forgotten since: by its mark among the channel's
 * newest uploads. https://developers.google.com/youtube/v3/docs/playlistItems/list, read 2026-11.
 */
export async function findUpload(call: AccountCall, marker: string): Promise<string | null> {
  const access = accessTo(call);
  const { externalId } = call.account;
  const channel = await callYouTube({
    ...access,
    method: 'GET',
    path: '/youtube/v3/channels',
    query: { part: 'contentDetails', id: externalId },
    effect: 'read',
    answer: Uploads,
  });
  const playlistId = channel.items[0]?.contentDetails?.relatedPlaylists?.uploads;
  if (playlistId === undefined) return null;
  const { items } = await callYouTube({
    ...access,
    method: 'GET',
    path: '/youtube/v3/playlistItems',
    query: { part: 'contentDetails', playlistId, maxResults: '50' },
    effect: 'read',
    answer: Items,
  }).catch((error: unknown) => {
    // A channel without a video has no such list.
    if (error instanceof PlatformError && error.kind === 'not_found') return { items: [] };
    throw error;
  });
  if (items.length === 0) return null;
  const id = items.map(({ contentDetails }) => contentDetails.videoId).join(',');
  const query = { part: 'snippet', id };
  const newest = await callYouTube({
    ...access,
    method: 'GET',
    path: '/youtube/v3/videos',
    query,
    effect: 'read',
    answer: Videos,
  });
  return newest.items.find(({ snippet }) => snippet?.tags.includes(marker) === true)?.id ?? null;
}
