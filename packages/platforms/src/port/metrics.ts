import type { MetricName } from '@vibetribe/contracts/metric';
import type { PlatformError } from './platform-error.ts';
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

/** Reads only. Where the account's scopes allow none of it, that is a `PlatformError` of kind `permission`. */
export interface MetricsSupport {
  /** How many posts one call of `readPosts` may name, and costs a request. */
  readonly postsPerRequest: number;
  /** How long numbers of a post can be asked for, days; null for as long as it is there. */
  readonly postDaysMax: number | null;
  /** No post is asked for again sooner, hours: where numbers change once a day, or each reading is dear. Absent: the schedule alone decides. */
  readonly postHoursMin?: number;
  /** What the platform bills. Nothing is read there unless the operator has set how much a month may cost: `<PLATFORM>_ANALYTICS_MONTHLY_USD`. */
  readonly cost?: MetricsCost;
  /**
   * By `platformPostId`; a post that is gone is missing, one that could not be reached has an empty list. Where reading is billed, one call
   * is billed for `postsPerRequest` posts at most.
   */
  readPosts(
    call: AccountCall & {
      readonly posts: readonly VisiblePart[];
      readonly now: Date;
      /** Told how many posts the platform bills for, where reading is billed. Not told: as many as there may be. */
      readonly onBilled?: (posts: number) => void;
      /** Told that the account's scopes do not allow some of the numbers, which are null then. */
      readonly onDenied?: (missing: PlatformError) => void;
    },
  ): Promise<ReadonlyMap<string, readonly MetricReading[]>>;
  /** Followers and what else is told of the account as a whole. Absent where nothing is. */
  readAccount?(call: AccountCall & { readonly now: Date }): Promise<readonly MetricReading[]>;
}

export interface MetricsCost {
  readonly usdPerPost: number;
  /** Of one `readAccount`. */
  readonly usdPerAccount: number;
}
