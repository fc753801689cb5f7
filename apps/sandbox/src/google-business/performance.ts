import { z } from 'zod';
import type { Account } from '../state/accounts.ts';
import type { SandboxState } from '../state/sandbox-state.ts';

const names = [
  'BUSINESS_IMPRESSIONS_DESKTOP_MAPS',
  'BUSINESS_IMPRESSIONS_DESKTOP_SEARCH',
  'BUSINESS_IMPRESSIONS_MOBILE_MAPS',
  'BUSINESS_IMPRESSIONS_MOBILE_SEARCH',
  'BUSINESS_CONVERSATIONS',
  'BUSINESS_DIRECTION_REQUESTS',
  'CALL_CLICKS',
  'WEBSITE_CLICKS',
  'BUSINESS_BOOKINGS',
] as const;
const dayMs = 86_400_000;
const Part = z.coerce.number().int().positive();

/** https://developers.google.com/my-business/reference/performance/rest/v1/locations/fetchMultiDailyMetricsTimeSeries */
export const PerformanceQuery = z.strictObject({
  dailyMetrics: z.union([z.enum(names), z.array(z.enum(names))]).transform((given) => [given].flat()),
  'dailyRange.startDate.year': Part,
  'dailyRange.startDate.month': Part,
  'dailyRange.startDate.day': Part,
  'dailyRange.endDate.year': Part,
  'dailyRange.endDate.month': Part,
  'dailyRange.endDate.day': Part,
});

/** Who follows a location looks at it, some of them each day. A day without any has no value; the newest days are not counted yet. */
export function performanceOf(
  { audience, clock }: Pick<SandboxState, 'audience' | 'clock'>,
  location: Account,
  query: z.infer<typeof PerformanceQuery>,
) {
  const date = (name: 'startDate' | 'endDate') =>
    Date.UTC(query[`dailyRange.${name}.year`], query[`dailyRange.${name}.month`] - 1, query[`dailyRange.${name}.day`]);
  const countedMs = Math.min(date('endDate'), clock.nowMs() - 2 * dayMs);
  const days: number[] = [];
  for (let at = date('startDate'); at <= countedMs; at += dayMs) days.push(at);
  const perDay = Math.floor(audience.followers(location) / names.length);
  const dailyMetricTimeSeries = query.dailyMetrics.map((dailyMetric, index) => ({
    dailyMetric,
    timeSeries: { datedValues: days.map((at) => dated(at, Math.max(0, perDay - index * 3))) },
  }));
  return { multiDailyMetricTimeSeries: [{ dailyMetricTimeSeries }] };
}

function dated(atMs: number, value: number) {
  const at = new Date(atMs);
  const date = { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate() };
  return value === 0 ? { date } : { date, value: String(value) };
}
