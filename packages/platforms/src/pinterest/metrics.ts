import { z } from 'zod';
import { readingsIn, readOneByOne, type MetricSource } from '../answers/metric-readings.ts';
import type { AccountCall } from '../port/account.ts';
import type { MetricReading, MetricsSupport } from '../port/metrics.ts';
import { accessTo } from '../connect/token-access.ts';
import { callPinterest } from './api.ts';
import { boardPath } from './boards.ts';

/** https://developers.pinterest.com/docs/api/v5/pins-analytics, description 5.23.0. */
const definitionVersion = '5.23';
const pinSources: readonly MetricSource[] = [
  ['IMPRESSION', 'impressions'],
  ['SAVE', 'saves'],
  ['PIN_CLICK', 'clicks'],
  ['TOTAL_REACTIONS', 'reactions'],
  ['TOTAL_COMMENTS', 'comments'],
];
const boardSources: readonly MetricSource[] = [
  ['follower_count', 'followers'],
  ['pin_count', 'posts'],
];

const dayMs = 86_400_000;
const daysMax = 90;

/** Numbers are a day or more late, and kept for 90 days. */
export const pinterestMetrics: MetricsSupport = {
  postsPerRequest: 1,
  postDaysMax: daysMax,
  postHoursMin: 24,

  readPosts: ({ posts, now, ...call }) => readOneByOne(posts, ({ platformPostId: id }) => readPin(call, id, now)),

  /** An account is a board. */
  async readAccount(call) {
    const path = boardPath(call.account.externalId);
    const ask = { ...accessTo(call), method: 'GET', path, effect: 'read' } as const;
    return readingsIn(await callPinterest({ ...ask, answer: z.looseObject({}) }), boardSources, definitionVersion);
  },
};

/** Sums over days, and over all of them where Pinterest has that: reactions and comments. */
const Sums = z.record(z.string(), z.unknown()).default({});
const Analytics = z.record(z.string(), z.object({ summary_metrics: Sums, lifetime_metrics: Sums }));

async function readPin(call: AccountCall, id: string, now: Date): Promise<MetricReading[]> {
  const query = {
    start_date: dayOf(now.getTime() - (daysMax - 1) * dayMs),
    end_date: dayOf(now.getTime()),
    metric_types: pinSources.map(([source]) => source).join(','),
  };
  const path = `/v5/pins/${encodeURIComponent(id)}/analytics`;
  const ask = { ...accessTo(call), method: 'GET', path, query, effect: 'read' } as const;
  const { all } = await callPinterest({ ...ask, answer: Analytics });
  return readingsIn({ ...all?.summary_metrics, ...all?.lifetime_metrics }, pinSources, definitionVersion);
}

/** UTC, as the description has it. */
function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
