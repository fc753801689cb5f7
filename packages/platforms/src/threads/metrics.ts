import { countsIn, Insights } from '../graph/insights.ts';
import { readingsIn, readOneByOne, type MetricSource } from '../answers/metric-readings.ts';
import type { AccountCall } from '../port/account.ts';
import type { MetricsSupport } from '../port/metrics.ts';
import { callOf, callThreads, pathOf } from './api.ts';
import { threadsPostRefusal } from './errors.ts';

/** https://developers.facebook.com/docs/threads/insights, read 2026-11. */
const definitionVersion = '2026-11';
const postSources: readonly MetricSource[] = [
  ['views', 'views'],
  ['likes', 'reactions'],
  ['replies', 'comments'],
  ['reposts', 'reposts'],
  ['quotes', 'quotes'],
  ['shares', 'shares'],
];
const accountSources: readonly MetricSource[] = [['followers_count', 'followers']];

export const threadsMetrics: MetricsSupport = {
  postsPerRequest: 1,
  postDaysMax: null,

  readPosts: ({ posts, ...call }) =>
    readOneByOne(posts, ({ platformPostId }) => read(call, pathOf(platformPostId, '/insights'), postSources)),

  readAccount: (call) => read(call, pathOf(call.account.externalId, '/threads_insights'), accountSources),
};

async function read(call: AccountCall, path: string, sources: readonly MetricSource[]) {
  const metric = sources.map(([source]) => source).join(',');
  const request = { ...callOf(call, call.http), method: 'GET', path, query: { metric }, effect: 'read' } as const;
  const answer = await callThreads({ ...request, answer: Insights, refusalOf: threadsPostRefusal });
  return readingsIn(countsIn(answer), sources, definitionVersion);
}
