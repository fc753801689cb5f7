import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { readingsIn, type MetricSource } from '../answers/metric-readings.ts';
import type { MetricReading, MetricsSupport } from '../port/metrics.ts';
import { accessTo } from '../connect/token-access.ts';
import { callTikTok } from './api.ts';

/** https://developers.tiktok.com/doc/tiktok-api-v2-video-object and …/tiktok-api-v2-get-user-info, read 2026-11. */
const definitionVersion = '2026-11';
const videoSources: readonly MetricSource[] = [
  ['view_count', 'views'],
  ['like_count', 'reactions'],
  ['comment_count', 'comments'],
  ['share_count', 'shares'],
];
const userSources: readonly MetricSource[] = [
  ['follower_count', 'followers'],
  ['following_count', 'following'],
  ['video_count', 'posts'],
];

/** Only what everybody may see has numbers. A post whose id TikTok has not told yet is known by its publish id, which is asked for in vain. */
export const tiktokMetrics: MetricsSupport = {
  postsPerRequest: 20,
  postDaysMax: null,

  async readPosts({ posts, ...call }) {
    const asked = posts.map(({ platformPostId }) => platformPostId);
    const ids = asked.filter((id) => /^\d{1,30}$/u.test(id));
    const unreached = asked.filter((id) => !ids.includes(id)).map((id) => [id, []] as const);
    const found = new Map<string, readonly MetricReading[]>(unreached);
    if (ids.length === 0) return found;
    const { videos } = await callTikTok({
      ...accessTo(call),
      method: 'POST',
      path: '/v2/video/query/',
      query: { fields: fieldsOf(['id'], videoSources) },
      json: { filters: { video_ids: ids } },
      effect: 'read',
      data: Videos,
    });
    for (const video of videos) found.set(video.id, readingsIn(video, videoSources, definitionVersion));
    return found;
  },

  async readAccount(call) {
    const query = { fields: fieldsOf([], userSources) };
    const ask = { ...accessTo(call), method: 'GET', path: '/v2/user/info/', query, effect: 'read' } as const;
    const { user } = await callTikTok({ ...ask, data: z.object({ user: z.looseObject({}) }) });
    return readingsIn(user, userSources, definitionVersion);
  },
};

const Videos = z.object({ videos: z.array(z.looseObject({ id: foreignNumericId() })).max(100) });

function fieldsOf(more: readonly string[], sources: readonly MetricSource[]): string {
  return [...more, ...sources.map(([source]) => source)].join(',');
}
