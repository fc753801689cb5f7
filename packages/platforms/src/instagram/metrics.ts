import { z } from 'zod';
import { countsIn, Insights } from '../graph/insights.ts';
import { readingsIn, readOneByOne, type MetricSource } from '../answers/metric-readings.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall } from '../port/account.ts';
import type { MetricReading, MetricsSupport } from '../port/metrics.ts';
import { callInstagram } from './api.ts';

/** https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights, read 2026-11: `views` stands for impressions and plays. */
const definitionVersion = '2026-06';
const everywhere: readonly MetricSource[] = [
  ['views', 'views'],
  ['reach', 'reach'],
  ['shares', 'shares'],
];
const ofPosts: readonly MetricSource[] = [
  ...everywhere,
  ['likes', 'reactions'],
  ['comments', 'comments'],
  ['saved', 'saves'],
  ['reposts', 'reposts'],
];
const ofReels: readonly MetricSource[] = [
  ...ofPosts,
  ['ig_reels_avg_watch_time', 'averageWatchMs'],
  ['ig_reels_video_view_total_time', 'watchTimeMs'],
];
const ofStories: readonly MetricSource[] = [
  ...everywhere,
  ['replies', 'comments'],
  ['follows', 'followsGained'],
  ['profile_visits', 'profileVisits'],
];
const accountSources: readonly MetricSource[] = [
  ['followers_count', 'followers'],
  ['follows_count', 'following'],
  ['media_count', 'posts'],
];

const twoYearsDays = 730;

export const instagramMetrics: MetricsSupport = {
  postsPerRequest: 1,
  postDaysMax: twoYearsDays,

  readPosts: ({ posts, ...call }) => readOneByOne(posts, ({ platformPostId: id }) => readPost(call, id)),

  async readAccount(call) {
    const fields = accountSources.map(([source]) => source).join(',');
    const own = await ask(call, call.account.externalId, '', { fields }, z.looseObject({}));
    return readingsIn(own, accountSources, definitionVersion);
  },
};

const Medium = z.object({ media_product_type: z.string().optional().catch(undefined) });

async function readPost(call: AccountCall, id: string): Promise<MetricReading[]> {
  const { media_product_type: kind } = await ask(call, id, '', { fields: 'media_product_type' }, Medium);
  const sources = kind === 'STORY' ? ofStories : kind === 'REELS' ? ofReels : ofPosts;
  try {
    return await readInsights(call, id, sources);
  } catch (error) {
    if (isTooFew(error) && kind === 'STORY') return readingsIn({}, sources, definitionVersion);
    if (!isUnknownName(error)) throw error;
    return readApart(call, id, sources);
  }
}

/** One name that this medium does not have fails all of them: it is left out, the others are asked for alone. */
async function readApart(call: AccountCall, id: string, sources: readonly MetricSource[]): Promise<MetricReading[]> {
  const found: MetricReading[] = [];
  for (const source of sources) {
    try {
      found.push(...(await readInsights(call, id, [source])));
    } catch (error) {
      if (!isUnknownName(error)) throw error;
    }
  }
  return found;
}

/** Where nothing was counted yet the answer is empty, up to 48 hours long. */
async function readInsights(call: AccountCall, id: string, sources: readonly MetricSource[]): Promise<MetricReading[]> {
  const metric = sources.map(([source]) => source).join(',');
  return readingsIn(countsIn(await ask(call, id, '/insights', { metric }, Insights)), sources, definitionVersion);
}

function isUnknownName(error: unknown): boolean {
  return error instanceof PlatformError && error.kind === 'content';
}

/** A story that less than five people saw. */
function isTooFew(error: unknown): boolean {
  return error instanceof PlatformError && error.platformCode === '10';
}

function ask<Answer>(
  { endpoints, http, accessToken, details }: AccountCall,
  id: string,
  edge: string,
  query: Readonly<Record<string, string>>,
  answer: z.ZodType<Answer>,
): Promise<Answer> {
  const path = `/${encodeURIComponent(id)}${edge}`;
  return callInstagram({ endpoints, http, accessToken, details, method: 'GET', path, query, effect: 'read', answer });
}
