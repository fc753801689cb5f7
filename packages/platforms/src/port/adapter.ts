import type { LimitState } from '@vibetribe/contracts/account';
import type { MediaRules } from '@vibetribe/media-rules/media-rules';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { z } from 'zod';
import type { ExhaustedLimit } from './exhausted-limit.ts';
import type { PlatformResponse } from './platform-http.ts';
import type { AccountAccess, AccountCall, AccountProfile, AdapterAccount, PostCall } from './account.ts';
import type { ManualConnect, OAuthConnect, TokenRefresh } from './connect.ts';
import type { TextMeasure } from '../text/text-measure.ts';
import type { ContentFinding, DraftContent, TextContent } from './content.ts';
import type { DoctorDescription } from './doctor.ts';
import type { EndpointDefaults } from './endpoints.ts';
import type { LinkCardOf } from './link-card.ts';
import type { MetricsSupport } from './metrics.ts';
import type { Published, PublishFate, PublishRun, ReplyRun } from './publish.ts';
import type { ReconcileFinding, ReconcileQuery } from './reconcile.ts';

/**
 * What one platform is to the product: data (rules, limits, how to reconcile) and a few functions over one HTTP client.
 * An adapter holds no state and reads no clock, environment or randomness of its own: what it needs comes in as an argument.
 * What it gives back is bounded and cleaned by `withCleanAnswers`, what it stores by the fields of `answer-fields.ts`.
 */
export interface PlatformAdapter {
  readonly id: PlatformId;
  readonly displayName: string;
  /** What an account's `externalId` names it on: the whole platform, wherever it lives at the time, or its own server alone. */
  readonly externalIdScope: 'platform' | 'server';
  readonly rules: PlatformRules;
  readonly limits: PlatformLimits;
  readonly reconciliation: ReconciliationRules;
  readonly endpoints: EndpointDefaults;
  /** Present where accounts are connected through the platform's own consent page. */
  readonly oauth?: OAuthConnect;
  /** Present where a user may hand over credentials directly. */
  readonly manual?: ManualConnect;
  /** Absent where tokens never expire. */
  readonly refresh?: TokenRefresh;
  /** The account as it is now. Asked now and then; reads only. */
  readAccount?(call: AccountCall): Promise<AccountProfile>;
  /** The platform orders an account's posts by a time that we give them: no two sends of an account begin in the same millisecond. */
  readonly sendTimesDiffer?: true;
  readonly doctor?: DoctorDescription;
  readonly metrics?: MetricsSupport;
  /** Comments below a post, for `options.firstComment`. A platform of threads gives its replies here. */
  readonly comments?: CommentSupport;
  /**
   * Faults and doubts about the text and the options, without I/O; those about media follow from `mediaRulesFor` by `checkMedia`.
   * Asked for the post and for each part of a thread.
   * @param measure one for all accounts of a request: the same text is not counted again
   */
  validate(content: DraftContent, account: AdapterAccount, measure?: TextMeasure): ContentFinding[];
  /** `rules.media` as they are for this account, its own server and these options (a story); absent where they are always alike. See `mediaRulesFor`. */
  mediaRules?(context: MediaRulesContext): MediaRules;
  /** Present where the platform shows a link as a card that the sender fills in. Asked without I/O, for the post and each part of a thread. */
  readonly linkCard?: LinkCardOf;
  /** Publishes one part in durable steps. Resolves with its fate; throws `PlatformError` for every other one. */
  publish(run: PublishRun): Promise<PublishFate>;
  /** Looks for a part whose outcome is unknown. Reads only: it never makes anything visible. */
  reconcile(query: ReconcileQuery): Promise<ReconcileFinding>;
  /** Takes a part of ours off the platform. May be repeated: what is gone already is told as such. Absent where the platform has no way. */
  remove?(call: PostCall): Promise<'removed' | 'already_gone'>;
  /** Why this account's posts cannot be taken off although others' can; null: they can. Absent where all are alike. */
  keepsPosts?(access: Pick<AccountAccess, 'details' | 'scopes'>): string | null;
  /** Replaces the text of a part of ours. May be repeated. Absent where the platform has no way. */
  edit?(call: PostCall & { readonly content: TextContent }): Promise<void>;
  /** What an answer to a request of a `once` step says about limits that are used up. */
  exhaustedLimits(answer: PlatformResponse): readonly ExhaustedLimit[];
  /** The account's own limits as the platform tells them now (`content_publishing_limit`), for display and warnings. Reads only. */
  readLimits?(call: AccountCall & { readonly now: Date }): Promise<readonly LimitState[]>;
  /** The platform's own page for writing this post by hand, with the text filled in where it can be; null where there is none. */
  composeUrl(content: TextContent, account: AdapterAccount): string | null;
}

export interface TextRules {
  readonly max: number;
  /** How `max` is counted, in words for a person: "weighted characters (a link counts 23)". */
  readonly countedAs: string;
  /** Characters that the platform takes in no text. */
  readonly refused?: string;
  count(text: string): number;
}

export interface PlatformRules {
  readonly text: TextRules & { readonly required: boolean };
  readonly media: MediaRules;
  /** Parts after the first, each an answer to the one before; null where the platform has no threads. */
  readonly thread: ThreadRules | null;
  /** The variant's `options` this platform understands, strict: an unknown option is a fault. */
  readonly options: z.ZodType<Record<string, unknown>>;
  readonly requiredFields: readonly string[];
}

export interface ThreadRules {
  /** With the first one. */
  readonly partsMax: number;
  /** Options of the post that hold for its parts too, where they have none of their own: who may see it. */
  readonly inheritedOptions: readonly string[];
  /** Options that say nothing in a part after the first. */
  readonly firstOnlyOptions?: readonly string[];
}

export interface CommentSupport {
  readonly text: TextRules;
  /** Like `publish`; `content` has neither media nor options, and `replyTo.root` is the post. */
  publish(run: ReplyRun): Promise<Published>;
  reconcile(query: ReconcileQuery): Promise<ReconcileFinding>;
}

export interface MediaRulesContext {
  readonly account: Pick<AdapterAccount, 'serverRules'>;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface PlatformLimits {
  /** Posts an hour and account; `RATE_LIMIT_<PLATFORM>` overrides it. */
  readonly postsPerHour: number;
  /** Posts in 24 hours of all accounts that are connected through the same application, null where there is no such limit; `RATE_LIMIT_APP_<PLATFORM>` overrides it. */
  readonly appPostsPerDay: number | null;
  /** What the platform bills for a post or a part of a thread, and why; null where it is free. Absent where it bills nothing. */
  costOfPost?(content: TextContent, measure?: TextMeasure): { readonly usd: number; readonly why: string } | null;
  /** A day's allowance of the application where the platform counts in units of its own (YouTube). */
  readonly appUnitsPerDay?: {
    readonly limit: number;
    /** The IANA time zone at whose midnight the day begins. */
    readonly dayBeginsIn: string;
    /** What a post costs, about: how often the platform is asked meanwhile is not known ahead. */
    costOfPost(content: DraftContent): number;
    costOfCall(call: { readonly method: string; readonly path: string }): number;
  };
}

export interface ReconciliationRules {
  /** How sure an answer is: a key or id we chose, a lookup by content, or none. */
  readonly means: 'key' | 'lookup' | 'none';
  /** The platform neither knows the key nor refuses a duplicate: a repeat that was not needed makes a second post, and the look-ups alone are against it. */
  readonly repeat?: 'made_again';
  /** How long after the last possible send the platform is first asked, ms: request time-out plus read-after-write delay. */
  readonly quietMs: number;
  /**
   * How many reads must not see the post, this far apart, before it counts as absent. Asked for before every repeat of a send in doubt,
   * also where the platform knows our key: a key only helps for as long as the platform remembers it.
   */
  readonly absence: { readonly reads: number; readonly spacingMs: number };
}
