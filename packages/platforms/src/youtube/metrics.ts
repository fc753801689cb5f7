import { z } from 'zod';
import { readingsIn, writtenCountIn, type MetricSource } from '../answers/metric-readings.ts';
import type { MetricsSupport } from '../port/metrics.ts';
import { accessTo } from '../connect/token-access.ts';
import { callYouTube } from './api.ts';
import { notWatched, readWatched } from './watched.ts';

/** Views count from the first frame on since 2026-08. https://developers.google.com/youtube/v3/revision_history, read 2026-11. */
const definitionVersion = '2026-08';
const videoSources: readonly MetricSource[] = [
  ['viewCount', 'views'],
  ['likeCount', 'reactions'],
  ['commentCount', 'comments'],
];
const channelSources: readonly MetricSource[] = [
  ['subscriberCount', 'followers'],
  ['videoCount', 'posts'],
  ['viewCount', 'views'],
];

export const youTubeMetrics: MetricsSupport = {
  postsPerRequest: 50,
  postDaysMax: null,

  async readPosts({ posts, now, onDenied, ...call }) {
    const id = posts.map(({ platformPostId }) => platformPostId).join(',');
    const { items } = await callYouTube({
      ...read(call),
      path: '/youtube/v3/videos',
      query: { part: 'statistics', id },
    });
    const ids = items.map((video) => video.id);
    const watched = await readWatched({ ...call, ids, now, onDenied });
    return new Map(
      items.map((video) => [
        video.id,
        [...readingsIn(counted(video), videoSources, definitionVersion), ...(watched.get(video.id) ?? notWatched)],
      ]),
    );
  },

  async readAccount(call) {
    const query = { part: 'statistics', id: call.account.externalId };
    const { items } = await callYouTube({ ...read(call), path: '/youtube/v3/channels', query });
    const own = items.find(({ id }) => id === call.account.externalId);
    return readingsIn(own === undefined ? {} : counted(own), channelSources, definitionVersion);
  },
};

/** A channel may hide its subscribers, a video its likes: then the number is left out, or stands as 0 beside `hiddenSubscriberCount`. */
const Items = z.object({
  items: z.array(z.object({ id: z.string(), statistics: z.record(z.string(), z.unknown()).default({}) })).default([]),
});

function read(call: Parameters<typeof accessTo>[0]) {
  return { ...accessTo(call), method: 'GET', effect: 'read', answer: Items } as const;
}

function counted({ statistics }: z.infer<typeof Items>['items'][number]): Record<string, number | null> {
  const isHidden = statistics['hiddenSubscriberCount'] === true;
  return Object.fromEntries(
    Object.entries(statistics).map(([name, value]) => [
      name,
      name === 'subscriberCount' && isHidden ? null : writtenCountIn(value),
    ]),
  );
}
