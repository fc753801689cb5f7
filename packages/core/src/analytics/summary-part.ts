import type { EngagementRate, MetricSum, SummaryPart } from '@vibetribe/contracts/analytics';
import { MetricName } from '@vibetribe/contracts/metric';
import type { PlatformId } from '@vibetribe/contracts/platform-id';

/** What a rate is counted against: the first of these that a platform gives. */
export const rateBases = ['impressions', 'views', 'reach'] as const satisfies readonly MetricName[];

/** The posts of one key, platform and period, added up. */
export interface GroupRow {
  readonly key: string;
  readonly platform: PlatformId;
  readonly isNow: boolean;
  readonly posts: number;
  /** By metric: its sum, null where no post has it, and how many have it. */
  readonly sums: Readonly<Partial<Record<MetricName, readonly [number | null, number]>>>;
  /** By what it is per: interactions, that number, and the posts that have both. */
  readonly rates: Readonly<Record<(typeof rateBases)[number], readonly [number | null, number | null, number]>>;
}

/** A metric that no post has is left out: it is not 0. */
export function partOf(rows: readonly GroupRow[]): Omit<SummaryPart, 'key'> {
  const [now, before] = [rows.filter(({ isNow }) => isNow), rows.filter(({ isNow }) => !isNow)];
  return {
    posts: postsOf(now),
    previousPosts: postsOf(before),
    metrics: MetricName.options.flatMap((metric) => compare(metric, now, before) ?? []),
    rates: ratesOf(now),
  };
}

function compare(metric: MetricName, now: readonly GroupRow[], before: readonly GroupRow[]): MetricSum | null {
  const [value, posts] = totalOf(metric, now);
  const [previous, previousPosts] = totalOf(metric, before);
  return posts + previousPosts === 0 ? null : { metric, value, posts, previous, previousPosts };
}

/** An average of averages counts each by its posts. */
function totalOf(metric: MetricName, rows: readonly GroupRow[]): readonly [number | null, number] {
  const told = rows.flatMap(({ sums }) => {
    const [value, posts] = sums[metric] ?? [null, 0];
    return value === null ? [] : [{ value, posts }];
  });
  const posts = postsOf(told);
  if (posts === 0) return [null, 0];
  if (metric === 'averageWatchMs') return [told.reduce((sum, one) => sum + one.value * one.posts, 0) / posts, posts];
  return [told.reduce((sum, { value }) => sum + value, 0), posts];
}

function postsOf(rows: readonly { readonly posts: number }[]): number {
  return rows.reduce((sum, { posts }) => sum + posts, 0);
}

/** Makes one sum for each platform: platforms count differently, so nothing is added up over two of them. */
function ratesOf(rows: readonly GroupRow[]): EngagementRate[] {
  return [...Map.groupBy(rows, ({ platform }) => platform)].flatMap(([platform, of]) => {
    const per = rateBases.find((base) => of.some(({ rates }) => rates[base][2] > 0));
    if (per === undefined) return [];
    const sumOf = (place: 0 | 1 | 2) => of.reduce((sum, { rates }) => sum + (rates[per][place] ?? 0), 0);
    return [{ platform, per, value: sumOf(0) / sumOf(1), posts: sumOf(2) }];
  });
}
