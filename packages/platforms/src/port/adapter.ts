import type { MediaRules, ServerMediaLimits } from '@vibetribe/contracts/media-rules';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { z } from 'zod';
import type { ExhaustedLimit } from '../exhausted-limits.ts';
import type { PlatformResponse } from '../platform-http.ts';
import type { AdapterAccount } from './account.ts';
import type { Credentials, ManualConnect, OAuthConnect, RefreshRequest } from './connect.ts';
import type { ContentFinding, DraftContent, TextContent } from './content.ts';
import type { EndpointDefaults } from './endpoints.ts';
import type { PublishRun, Published, StillProcessing } from './publish.ts';
import type { ReconcileFinding, ReconcileQuery } from './reconcile.ts';

/**
 * What one platform is to the product: data (rules, limits, how to reconcile) and a few functions over one HTTP client.
 * An adapter holds no state and reads no clock, environment or randomness of its own: what it needs comes in as an argument.
 */
export interface PlatformAdapter {
  readonly id: PlatformId;
  readonly displayName: string;
  readonly rules: PlatformRules;
  readonly limits: PlatformLimits;
  readonly reconciliation: ReconciliationRules;
  readonly endpoints: EndpointDefaults;
  /** Present where accounts are connected through the platform's own consent page. */
  readonly oauth?: OAuthConnect;
  /** Present where a user may hand over credentials directly. */
  readonly manual?: ManualConnect;
  /** Trades a refresh token (or app password) for new credentials. Absent where tokens never expire. */
  refresh?(request: RefreshRequest): Promise<Credentials>;
  /** Faults and doubts about the text and the options, without I/O; those about media follow from `mediaRulesFor` by `checkMedia`. */
  validate(content: DraftContent, account: AdapterAccount): ContentFinding[];
  /** `rules.media` as the account's own server has them; absent where all servers are alike. See `mediaRulesFor`. */
  serverMediaRules?(limits: ServerMediaLimits): MediaRules;
  /** Publishes in durable steps. Resolves once visible or still processing; throws `PlatformError` for every other fate. */
  publish(run: PublishRun): Promise<Published | StillProcessing>;
  /** Looks for a publication whose outcome is unknown. Reads only: it never makes anything visible. */
  reconcile(query: ReconcileQuery): Promise<ReconcileFinding>;
  /** What an answer to a request of a `once` step says about limits that are used up. */
  exhaustedLimits(answer: PlatformResponse): readonly ExhaustedLimit[];
  /** The platform's own page for writing this post by hand, with the text filled in where it can be; null where there is none. */
  composeUrl(content: TextContent, account: AdapterAccount): string | null;
}

export interface PlatformRules {
  readonly text: {
    readonly max: number;
    /** How `max` is counted, in words for a person: "weighted characters (a link counts 23)". */
    readonly countedAs: string;
    readonly required: boolean;
    count(text: string): number;
  };
  readonly media: MediaRules;
  /** The variant's `options` this platform understands, strict: an unknown option is a fault. */
  readonly options: z.ZodType<Record<string, unknown>>;
  readonly requiredFields: readonly string[];
}

export interface PlatformLimits {
  /** Posts an hour and account; `RATE_LIMIT_<PLATFORM>` overrides it. */
  readonly postsPerHour: number;
  /** Posts in 24 hours of all accounts that are connected through the same application, null where there is no such limit; `RATE_LIMIT_APP_<PLATFORM>` overrides it. */
  readonly appPostsPerDay: number | null;
}

export interface ReconciliationRules {
  /** How sure an answer is: a key or id we chose, a lookup by content, or none. */
  readonly means: 'key' | 'lookup' | 'none';
  /** How long after the last possible send the platform is first asked, ms: request time-out plus read-after-write delay. */
  readonly quietMs: number;
  /**
   * How many reads must not see the post, this far apart, before it counts as absent. Asked for before every repeat of a send in doubt,
   * also where the platform knows our key: a key only helps for as long as the platform remembers it.
   */
  readonly absence: { readonly reads: number; readonly spacingMs: number };
}
