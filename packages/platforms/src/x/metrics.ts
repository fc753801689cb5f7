import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { readingsIn, type MetricSource } from '../answers/metric-readings.ts';
import type { AccountCall } from '../port/account.ts';
import type { MetricReading, MetricsSupport } from '../port/metrics.ts';
import { callX } from './api.ts';
import { listOf } from './timeline.ts';

/** https://docs.x.com/x-api/fundamentals/metrics, read 2026-11. */
const definitionVersion = '2026-11';
const publicSources: readonly MetricSource[] = [
  ['impression_count', 'impressions'],
  ['like_count', 'reactions'],
  ['reply_count', 'comments'],
  ['retweet_count', 'reposts'],
  ['quote_count', 'quotes'],
  ['bookmark_count', 'saves'],
];
/** Of one's own posts, for 30 days. */
const privateSources: readonly MetricSource[] = [
  ['url_link_clicks', 'clicks'],
  ['user_profile_clicks', 'profileVisits'],
];
const accountSources: readonly MetricSource[] = [
  ['followers_count', 'followers'],
  ['following_count', 'following'],
  ['tweet_count', 'posts'],
];

const pageSize = 100;
/** The least that X takes. */
const pageSizeMin = 5;
/** Posts that are further apart are asked for apart: what stands between them would be billed too, and leave no room for the older one. */
const gapMs = 2 * 86_400_000;
/** A request each. */
const rangesMax = 8;
/** A day less than the 30 that X has: one post that is too old may fail them all. */
const privateMs = 29 * 86_400_000;

/**
 * By the own timeline, where a post costs a fifth of what it costs by its id. https://docs.x.com/x-api/getting-started/pricing, read 2026-11.
 * The newest first, between the oldest and the newest of those that stand near each other: what there is no room for was not reached.
 */
export const xMetrics: MetricsSupport = {
  postsPerRequest: pageSize,
  postDaysMax: null,
  postHoursMin: 24,
  cost: { usdPerPost: 0.001, usdPerAccount: 0.01 },

  async readPosts({ posts, now, onBilled, ...call }) {
    const ids = posts.flatMap(({ platformPostId: id }) => (/^\d{1,19}$/u.test(id) ? [BigInt(id)] : []));
    const isYoung = (id: bigint) => now.getTime() - timeOf(id) < privateMs;
    const found = new Map<string, readonly MetricReading[]>();
    let billed = 0;
    for (const wanted of rangesOf(ids, isYoung)) {
      const young = wanted.every(isYoung);
      const range = { oldest: wanted[0], newest: wanted.at(-1), young, size: pageSize - billed };
      const page = await readPage(call, range);
      billed += page.data.length;
      for (const post of page.data) found.set(post.id, readingsOf(post, young));
      for (const id of wanted) if (isBeyond(page, id) && !found.has(String(id))) found.set(String(id), []);
    }
    onBilled?.(billed);
    return found;
  },

  async readAccount({ endpoints, http, accessToken }) {
    const path = '/2/users/me?user.fields=public_metrics';
    const { data } = await callX({ endpoints, http, accessToken, method: 'GET', path, effect: 'read', answer: Me });
    const told = data.public_metrics;
    const counts = { ...told, tweet_count: told['tweet_count'] ?? told['post_count'] };
    return readingsIn(counts, accountSources, definitionVersion);
  },
};

const Counts = z.record(z.string(), z.unknown()).default({});
const Me = z.object({ data: z.object({ public_metrics: Counts }) });
const Listing = listOf(
  z.object({ id: foreignNumericId(), public_metrics: Counts, non_public_metrics: Counts.optional() }),
);

type Page = z.infer<typeof Listing>;

/** In order of time, the newest range first. One is of young posts alone, or of others. */
function rangesOf(ids: readonly bigint[], isYoung: (id: bigint) => boolean): bigint[][] {
  const ranges: bigint[][] = [];
  for (const id of ids.toSorted(byValue).toReversed()) {
    const range = ranges.at(-1);
    const next = range?.[0];
    const isNear = next !== undefined && (timeOf(next) - timeOf(id) < gapMs || ranges.length >= rangesMax);
    if (isNear && isYoung(next) === isYoung(id)) range?.unshift(id);
    else ranges.push([id]);
  }
  return ranges;
}

/** `size`: what may still be billed. Where it is too little the page has none of it. */
async function readPage(
  { endpoints, http, account, accessToken }: AccountCall,
  {
    oldest,
    newest,
    young,
    size,
  }: { oldest?: bigint | undefined; newest?: bigint | undefined; young: boolean; size: number },
): Promise<Page> {
  if (oldest === undefined || newest === undefined || size < pageSizeMin)
    return { data: [], meta: { next_token: 'unread' } };
  const parameters = new URLSearchParams({
    max_results: String(size),
    since_id: String(oldest - 1n),
    until_id: String(newest + 1n),
    'tweet.fields': young ? 'public_metrics,non_public_metrics' : 'public_metrics',
    exclude: 'retweets',
  });
  const path = `/2/users/${encodeURIComponent(account.externalId)}/tweets?${parameters.toString()}`;
  return callX({ endpoints, http, accessToken, method: 'GET', path, effect: 'read', answer: Listing });
}

/** Whether the page ended before it came to this post. */
function isBeyond({ data, meta }: Page, id: bigint): boolean {
  if (meta?.next_token === undefined) return false;
  return data.every((post) => BigInt(post.id) > id);
}

function readingsOf(post: Page['data'][number], isYoung: boolean): MetricReading[] {
  const told = post.public_metrics;
  // Half-way from `retweet` to `repost`: see the changelog.
  const counts = { ...told, retweet_count: told['retweet_count'] ?? told['repost_count'] };
  return [
    ...readingsIn(counts, publicSources, definitionVersion),
    ...(isYoung ? readingsIn(post.non_public_metrics ?? {}, privateSources, definitionVersion) : []),
  ];
}

/** When an id was made: https://docs.x.com/fundamentals/x-ids. */
function timeOf(id: bigint): number {
  return Number(id >> 22n) + 1_288_834_974_657;
}

function byValue(one: bigint, other: bigint): number {
  return one < other ? -1 : Number(one > other);
}
