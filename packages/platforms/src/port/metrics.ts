import type { MetricName } from '@vibetribe/contracts/metric';
import type { AccountCall, VisiblePart } from './account.ts';

/** One number as the platform gives it. */
export interface MetricReading {
  readonly metric: MetricName;
  /** Null: the platform has this number and does not give it now; a number that it never gives is left out. */
  readonly value: number | null;
  /** The platform's own name: `post_media_view`. */
  readonly source: string;
  /** Changes when the platform counts otherwise than before: `2026-08`. */
  readonly definitionVersion: string;
}

/** Reads only. What the account's scopes do not allow is a `PlatformError` of kind `permission`. */
export interface MetricsSupport {
  /** How many posts one call of `readPosts` may name, and costs a request. */
  readonly postsPerRequest: number;
  /** How long numbers of a post can be asked for, days; null for as long as it is there. */
  readonly postDaysMax: number | null;
  /** By `platformPostId`; a post that is gone is missing. */
  readPosts(
    call: AccountCall & { readonly posts: readonly VisiblePart[]; readonly now: Date },
  ): Promise<ReadonlyMap<string, readonly MetricReading[]>>;
  /** Followers and what else is told of the account as a whole. Absent where nothing is. */
  readAccount?(call: AccountCall & { readonly now: Date }): Promise<readonly MetricReading[]>;
}
