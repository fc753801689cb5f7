import { z } from 'zod';
import { countIn, writtenCountIn } from '../answers/metric-readings.ts';
import type { MetricsSupport } from '../port/metrics.ts';
import { accessTo } from '../connect/token-access.ts';
import { callBusiness } from './api.ts';

/** https://developers.google.com/my-business/reference/performance/rest, read 2026-11. */
const definitionVersion = '2026-11/30-days';

/** How often a location was looked at and used, in the 30 days that Google has counted. Posts have no numbers, and a location no followers. */
const sums = {
  views: [
    'BUSINESS_IMPRESSIONS_DESKTOP_MAPS',
    'BUSINESS_IMPRESSIONS_DESKTOP_SEARCH',
    'BUSINESS_IMPRESSIONS_MOBILE_MAPS',
    'BUSINESS_IMPRESSIONS_MOBILE_SEARCH',
  ],
  clicks: ['WEBSITE_CLICKS', 'CALL_CLICKS', 'BUSINESS_DIRECTION_REQUESTS'],
} as const;

const dayMs = 86_400_000;
const days = 30;
/** The newest days are not whole yet. */
const lateDays = 3;

export const businessMetrics: MetricsSupport = {
  postsPerRequest: 100,
  postDaysMax: 0,

  /** Google retired them, and asks for nothing in their place. */
  readPosts: ({ posts }) => Promise.resolve(new Map(posts.map(({ platformPostId }) => [platformPostId, []]))),

  async readAccount({ now, ...call }) {
    const end = now.getTime() - lateDays * dayMs;
    const query = [
      ...Object.values(sums)
        .flat()
        .map((name) => ['dailyMetrics', name] as const),
      ...dateIn('startDate', end - (days - 1) * dayMs),
      ...dateIn('endDate', end),
    ];
    const search = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString();
    const path = `/v1/locations/${encodeURIComponent(call.account.externalId)}:fetchMultiDailyMetricsTimeSeries?${search}`;
    const { multiDailyMetricTimeSeries: series } = await callBusiness({
      ...accessTo(call),
      host: 'performance',
      method: 'GET',
      path,
      effect: 'read',
      answer: Series,
    });
    const counted = new Map(
      series.flatMap(({ dailyMetricTimeSeries }) =>
        dailyMetricTimeSeries.map(({ dailyMetric, timeSeries }) => [dailyMetric, sumOf(timeSeries.datedValues)]),
      ),
    );
    return Object.entries(sums).map(([metric, names]) => ({
      metric: metric as keyof typeof sums,
      value: totalOf(names.map((name) => counted.get(name) ?? null)),
      source: names.join('+'),
      definitionVersion,
    }));
  },
};

const Series = z.object({
  multiDailyMetricTimeSeries: z
    .array(
      z.object({
        dailyMetricTimeSeries: z
          .array(
            z.object({
              dailyMetric: z.string(),
              timeSeries: z.object({ datedValues: z.array(z.object({ value: z.unknown().optional() })).max(1_000) }),
            }),
          )
          .max(100),
      }),
    )
    .max(100)
    .default([]),
});
type DatedValues = z.infer<
  typeof Series
>['multiDailyMetricTimeSeries'][number]['dailyMetricTimeSeries'][number]['timeSeries']['datedValues'];

/** A day's value is left out where it is zero, they say; a series without days was not counted. */
function sumOf(days: DatedValues): number | null {
  const counts = days.map(({ value }) => (value === undefined ? 0 : (writtenCountIn(value) ?? countIn(value))));
  return days.length === 0 ? null : totalOf(counts);
}

function totalOf(counts: readonly (number | null)[]): number | null {
  return counts.reduce<number | null>((sum, count) => (sum === null || count === null ? null : sum + count), 0);
}

function dateIn(name: string, atMs: number): (readonly [string, string])[] {
  const [year, month, day] = new Date(atMs).toISOString().slice(0, 10).split('-').map(Number);
  const parts = { year, month, day };
  return Object.entries(parts).map(([part, value]) => [`dailyRange.${name}.${part}`, String(value)] as const);
}
