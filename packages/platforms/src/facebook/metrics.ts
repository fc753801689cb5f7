import { z } from 'zod';
import { countsIn, Insights } from '../graph/insights.ts';
import { readingsIn, readOneByOne, scopeMissing, type MetricSource } from '../answers/metric-readings.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall } from '../port/account.ts';
import type { MetricReading, MetricsSupport } from '../port/metrics.ts';
import { callFacebook } from './api.ts';

/** The families that were left when the impressions went, 2025-11-15. https://developers.facebook.com/docs/graph-api/reference/insights, read 2026-11. */
const definitionVersion = '2025-11';
const insightSources: readonly MetricSource[] = [
  ['post_media_view', 'views'],
  ['post_total_media_view_unique', 'reach'],
  ['post_clicks', 'clicks'],
];
const postSources: readonly MetricSource[] = [
  ['reactions', 'reactions'],
  ['comments', 'comments'],
  ['shares', 'shares'],
];
const accountSources: readonly MetricSource[] = [['followers_count', 'followers']];

/** Credentials given by hand do not tell their scopes. */
const insightsScope = 'read_insights';

const postFields = 'reactions.summary(true).limit(0),comments.summary(true).limit(0),shares';

export const facebookMetrics: MetricsSupport = {
  postsPerRequest: 1,
  postDaysMax: null,

  readPosts({ posts, onDenied, ...call }) {
    const isAllowed = call.scopes.length === 0 || call.scopes.includes(insightsScope);
    if (!isAllowed) onDenied?.(scopeMissing(insightsScope));
    return readOneByOne(posts, async ({ platformPostId: id }) => [
      ...(await readPost(call, id)),
      ...(isAllowed ? await readInsights(call, id) : readingsIn({}, insightSources, definitionVersion)),
    ]);
  },

  async readAccount(call) {
    const page = await ask(call, call.account.externalId, '', { fields: 'followers_count' }, z.looseObject({}));
    return readingsIn(page, accountSources, definitionVersion);
  },
};

const Summary = z.object({ summary: z.object({ total_count: z.unknown() }) }).optional();
/** `shares` is left out where nobody has shared: it is not told apart from a number that is not given. */
const Post = z.object({
  reactions: Summary,
  comments: Summary,
  shares: z.object({ count: z.unknown() }).optional(),
});

async function readPost(call: AccountCall, id: string): Promise<MetricReading[]> {
  const { reactions, comments, shares } = await ask(call, id, '', { fields: postFields }, Post);
  const counts = {
    reactions: reactions?.summary.total_count,
    comments: comments?.summary.total_count,
    shares: shares?.count,
  };
  return readingsIn(counts, postSources, definitionVersion);
}

/** They come a day or two after the post. Of some kinds of posts, as of pages that few people like, there are none. */
async function readInsights(call: AccountCall, id: string): Promise<MetricReading[]> {
  const metric = insightSources.map(([source]) => source).join(',');
  try {
    const answer = await ask(call, id, '/insights', { metric, period: 'lifetime' }, Insights);
    return readingsIn(countsIn(answer), insightSources, definitionVersion);
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'content')
      return readingsIn({}, insightSources, definitionVersion);
    throw error;
  }
}

function ask<Answer>(
  { endpoints, http, accessToken }: AccountCall,
  id: string,
  edge: string,
  query: Readonly<Record<string, string>>,
  answer: z.ZodType<Answer>,
): Promise<Answer> {
  const path = `/${encodeURIComponent(id)}${edge}`;
  return callFacebook({ endpoints, http, accessToken, method: 'GET', path, query, effect: 'read', answer });
}
