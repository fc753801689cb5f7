import { z } from 'zod';
import type { PublishRun } from '../port/publish.ts';
import { accessTo } from '../connect/token-access.ts';
import { callYouTube } from './api.ts';

const Items = z.object({ items: z.array(z.unknown()).default([]) });

/** Once, though it may be asked for again: where the video stands there already, nothing is added. https://developers.google.com/youtube/v3/docs/playlistItems/insert, read 2026-11. */
export async function putInPlaylist(
  run: PublishRun,
  { video, playlistId }: { readonly video: string; readonly playlistId: string },
): Promise<void> {
  const path = '/youtube/v3/playlistItems';
  await run.step({
    name: `video ${video}: in playlist ${playlistId}`,
    effect: 'idempotent',
    run: async ({ http }) => {
      const call = { ...accessTo(run, http), path };
      const query = { part: 'id', playlistId, videoId: video, maxResults: '1' };
      const { items } = await callYouTube({ ...call, method: 'GET', query, effect: 'read', answer: Items });
      if (items.length > 0) return true;
      const resourceId = { kind: 'youtube#video', videoId: video };
      const json = { snippet: { playlistId, resourceId } };
      await callYouTube({
        ...call,
        method: 'POST',
        query: { part: 'snippet' },
        json,
        effect: 'idempotent',
        answer: z.unknown(),
      });
      return true;
    },
  });
}
