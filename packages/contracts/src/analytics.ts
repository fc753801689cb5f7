import { z } from 'zod';
import { MetricName } from './metric.ts';
import { PlatformId } from './platform-id.ts';

const Time = z.iso.datetime({ offset: true });

/** A number as the platform gave it. `value` null: the platform did not give it, which is not 0. `source`: the platform's own name for it. */
export const MetricValue = z.object({
  metric: MetricName,
  value: z.number().nullable(),
  source: z.string(),
  definitionVersion: z.string(),
  capturedAt: Time,
});
export type MetricValue = z.infer<typeof MetricValue>;

/**
 * `unread`: not asked for yet. `read`: as of `readAt`. `gone`: the platform has the post no more; its numbers are the last ones. `ended`:
 * too old to be asked for. `denied`: the connection lacks a permission. `off`: reading is billed there, and not switched on.
 * `not_supported`: the platform tells no numbers of this.
 */
export const MetricsState = z.enum(['unread', 'read', 'gone', 'ended', 'denied', 'off', 'not_supported']);
export type MetricsState = z.infer<typeof MetricsState>;

const reading = {
  state: MetricsState,
  /** Why it is not read, where that needs saying. */
  detail: z.string().nullable(),
  readAt: Time.nullable(),
  nextReadAt: Time.nullable(),
  /** Once read: what the platform does not give of this at all. */
  notGiven: z.array(MetricName),
};

export const PublicationMetrics = z.object({
  publicationId: z.string(),
  accountId: z.string(),
  platform: PlatformId,
  ...reading,
});
export type PublicationMetrics = z.infer<typeof PublicationMetrics>;

/** The last value of each number of each publication that is out. */
export const PostMetrics = z.object({
  postId: z.string(),
  items: z.array(MetricValue.extend({ publicationId: z.string(), accountId: z.string(), platform: PlatformId })),
  publications: z.array(PublicationMetrics),
});
export type PostMetrics = z.infer<typeof PostMetrics>;

/** The numbers of an account as a whole as they went, oldest first, one of each a day. */
export const AccountMetrics = z.object({
  accountId: z.string(),
  platform: PlatformId,
  ...reading,
  items: z.array(MetricValue),
  nextCursor: z.string().nullable(),
});
export type AccountMetrics = z.infer<typeof AccountMetrics>;

export const SummaryGroup = z.enum(['platform', 'account', 'hour', 'day']);
export type SummaryGroup = z.infer<typeof SummaryGroup>;

/** `value` is over `posts` of them: those that have the number. Null where none has. */
const Sum = z.object({ metric: MetricName, value: z.number().nullable(), posts: z.int() });
export const MetricSum = Sum.extend({ previous: z.number().nullable(), previousPosts: z.int() });
export type MetricSum = z.infer<typeof MetricSum>;

/**
 * Interactions (reactions, comments, reposts, quotes, shares, saves) for each of `per`, over the posts that have both. Platforms count
 * differently: a rate is of one platform only, and says what it divides by.
 */
export const EngagementRate = z.object({
  platform: PlatformId,
  per: MetricName,
  value: z.number(),
  posts: z.int(),
});
export type EngagementRate = z.infer<typeof EngagementRate>;

export const SummaryPart = z.object({
  /** A platform, an account's id, an hour from 0 to 23, or a day. */
  key: z.string(),
  posts: z.int(),
  previousPosts: z.int(),
  metrics: z.array(MetricSum),
  rates: z.array(EngagementRate),
});
export type SummaryPart = z.infer<typeof SummaryPart>;

/** Of one account, as of the end of the period; `change` since its beginning, null where it was not known then or not read since. */
export const FollowerCount = z.object({
  accountId: z.string(),
  platform: PlatformId,
  value: z.number(),
  change: z.number().nullable(),
  capturedAt: Time,
});
export type FollowerCount = z.infer<typeof FollowerCount>;

/**
 * What reading numbers of a platform costs in the calendar month (UTC): the operator's limit, 0 where it is not switched on, which all
 * organizations share, and what the own accounts have spent of it (for a service admin: what all have). With the limit reached numbers stay as
 * they are until `resetAt`.
 */
export const MetricCost = z.object({
  platform: PlatformId,
  monthlyUsd: z.number(),
  spentUsd: z.number(),
  resetAt: Time,
});
export type MetricCost = z.infer<typeof MetricCost>;

/** Posts published in a period with their numbers as last read, beside those of the period before, as long by the clocks of `timezone`. */
export const AnalyticsSummary = z.object({
  from: Time,
  to: Time,
  previousFrom: Time,
  timezone: z.string(),
  groupBy: SummaryGroup.nullable(),
  posts: z.int(),
  previousPosts: z.int(),
  metrics: z.array(MetricSum),
  rates: z.array(EngagementRate),
  followers: z.array(FollowerCount),
  groups: z.array(SummaryPart),
  /** Of the platforms that bill for reading, where an account of the summary is. */
  costs: z.array(MetricCost),
});
export type AnalyticsSummary = z.infer<typeof AnalyticsSummary>;

/** `index`: how the posts of this hour did against all of their account, 1 being the same. It rests on `posts` of them. */
export const BestTime = z.object({
  /** Monday is 1. */
  weekday: z.int(),
  hour: z.int(),
  posts: z.int(),
  index: z.number(),
  isEnough: z.boolean(),
});
export type BestTime = z.infer<typeof BestTime>;

/** Hours that rest on enough posts first, the best first. `isEnough` false: too few posts altogether to tell anything. */
export const BestTimes = z.object({
  accountId: z.string().nullable(),
  timezone: z.string(),
  /** What is compared: the sum of reactions, comments, reposts, quotes, shares and saves. */
  measure: z.literal('interactions'),
  from: Time,
  posts: z.int(),
  postsMin: z.int(),
  postsPerHourMin: z.int(),
  isEnough: z.boolean(),
  items: z.array(BestTime),
});
export type BestTimes = z.infer<typeof BestTimes>;
