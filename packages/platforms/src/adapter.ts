import type { MediaFacts, MediaKind } from '@vibetribe/contracts/media';
import type { MediaRules, ServerMediaLimits } from '@vibetribe/contracts/media-rules';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { z } from 'zod';
import type { PlatformHttp, PlatformResponse } from './platform-http.ts';
import type { ExhaustedLimit } from './exhausted-limits.ts';

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

/** The account as an adapter sees it; `service` is the origin of the user's own server where the platform has many. */
export interface AdapterAccount {
  readonly externalId: string;
  readonly handle: string;
  readonly service: string | null;
  /** What the account's own server said at connect; absent: the platform's defaults hold. */
  readonly serverRules?: ServerRules;
}

/** Rules that differ from server to server. Stored with the account, read again at each connect. */
export interface ServerRules {
  readonly textMax: number;
  readonly urlCharacters: number;
  readonly media?: ServerMediaLimits;
}

export interface TextContent {
  readonly text: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What is to be checked before anything is sent. */
export interface DraftContent extends TextContent {
  readonly media: readonly (MediaFacts & { readonly alt: string | null })[];
}

export interface PublishContent extends TextContent {
  /** In the order they are shown; they fit the platform's rules. */
  readonly media: readonly MediaItem[];
}

/** A picture or video as it goes out. Its bytes are read when they are sent, never held whole. */
export interface MediaItem {
  readonly id: string;
  readonly kind: MediaKind;
  readonly mimeType: string;
  readonly bytes: number;
  /** Hex, of what goes out. */
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
  /** Null for a still image. */
  readonly durationMs: number | null;
  readonly alt: string | null;
  /** From `start` up to but not including `end`; all of it where no range is given. */
  read(range?: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>;
}

/** `code` is stable and machine-readable; `field` is relative to the variant: `content`, `mediaIds`, `options.visibility`. */
export interface ContentFinding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly field: string;
}

/** Secrets of one grant. Encrypted as one value; only ever in memory inside the request that uses them. */
export interface Credentials {
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Bluesky only: makes a new session when the refresh token is lost. */
  readonly appPassword?: string;
  /** ISO 8601; absent where the token never expires. From the platform's own reply, never assumed. */
  readonly expiresAt?: string;
  readonly scopes: readonly string[];
}

/** One grant and the accounts it opens: usually one, several where a grant holds pages, boards or locations. */
export interface ConnectedGrant {
  readonly credentials: Credentials;
  readonly service: string | null;
  readonly accounts: readonly {
    /** Unique on its platform; on platforms of many servers, unique on its `service`. */
    readonly externalId: string;
    readonly handle: string;
    readonly displayName: string;
    readonly serverRules?: ServerRules;
  }[];
}

export interface OAuthConnect {
  readonly scopes: readonly string[];
  readonly pkce: boolean;
  authorizationUrl(request: {
    readonly endpoints: PlatformEndpoints;
    readonly redirectUri: string;
    readonly state: string;
    /** base64url SHA-256 of the verifier. */
    readonly codeChallenge: string;
  }): string;
  exchange(request: {
    readonly endpoints: PlatformEndpoints;
    readonly http: PlatformHttp;
    readonly redirectUri: string;
    readonly code: string;
    readonly codeVerifier: string;
    readonly now: Date;
  }): Promise<ConnectedGrant>;
  revoke?(request: {
    readonly endpoints: PlatformEndpoints;
    readonly http: PlatformHttp;
    readonly credentials: Credentials;
  }): Promise<void>;
}

export interface ManualConnect {
  /** What the form asks for; `secret` fields are never shown again. */
  readonly fields: readonly {
    readonly name: string;
    readonly label: string;
    readonly secret: boolean;
    readonly required: boolean;
  }[];
  /** Strict schema of the credentials: its faults are shown under `credentials.<field>`. */
  readonly credentials: z.ZodType<Record<string, string | undefined>>;
  connect(request: {
    readonly endpoints: PlatformEndpoints;
    readonly http: PlatformHttp;
    readonly credentials: Readonly<Record<string, string | undefined>>;
    readonly now: Date;
  }): Promise<ConnectedGrant>;
}

export interface RefreshRequest {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
  readonly account: AdapterAccount;
  readonly credentials: Credentials;
  readonly now: Date;
}

/** Where a platform lives and as whom we come; every address is configuration, so that the sandbox can stand in. */
export interface PlatformEndpoints {
  /** Base of the platform's API; on platforms of many servers, the default server (may be null: the user must name one). */
  readonly api: string | null;
  /** Base of the consent pages. */
  readonly authorize: string | null;
  /** Base of a service of its own for large files; absent where there is none, or the account's own server stands in for it. */
  readonly upload?: string;
  readonly client: { readonly id: string; readonly secret: string } | null;
}

/** A platform's addresses before configuration: see `platformEndpoints`. */
export interface EndpointDefaults {
  /** Null where the user names the server. */
  readonly api: string | null;
  readonly authorize: string | null;
  /** See `PlatformEndpoints`. In the sandbox the account's own server stands in for it. */
  readonly upload?: string;
  /** Paths below the sandbox's origin that stand in for them; null where the user names a sandbox server too. */
  readonly sandbox: { readonly apiPath: string | null; readonly authorizePath: string | null };
}

/**
 * `read`: changes nothing. `idempotent`: may be repeated without anyone seeing a difference (an upload, a container).
 * `once`: makes something visible; its intent is on disk before it runs, and only it can end as unknown.
 */
export type StepEffect = 'read' | 'idempotent' | 'once';

export interface PublishRun {
  readonly endpoints: PlatformEndpoints;
  readonly account: AdapterAccount;
  readonly content: PublishContent;
  readonly accessToken: string;
  /** A client bound to this attempt's deadline. Inside a `once` step, use the one the step is given. */
  readonly http: PlatformHttp;
  /** When this run began: what the life of an upload is measured from. */
  readonly now: Date;
  /**
   * Runs `run` unless this publication has a stored result under `name`; then that result comes back and nothing is sent.
   * `key` is asked for once per publication and stored before the first run; every later run gets the stored one.
   */
  step<Result extends JsonValue, Key extends JsonValue = null>(step: {
    readonly name: string;
    readonly effect: StepEffect;
    readonly key?: (seed: KeySeed) => Key;
    readonly run: (context: { readonly key: Key; readonly http: PlatformHttp }) => Promise<Result>;
  }): Promise<Result>;
}

/** What a deterministic key may be made of. `uniqueNumber` is unique per publication and step, 0 to 2^53. */
export interface KeySeed {
  readonly publicationId: string;
  readonly now: Date;
  readonly uniqueNumber: number;
}

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

export interface Published {
  readonly kind: 'published';
  readonly platformPostId: string;
  readonly url: string | null;
}

/** Accepted but not visible yet; `publish` runs again after `pollAfterMs`, finished steps are not repeated. */
export interface StillProcessing {
  readonly kind: 'processing';
  readonly pollAfterMs: number;
  readonly detail: string;
}

export interface ReconcileQuery {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
  readonly account: AdapterAccount;
  readonly accessToken: string;
  readonly content: TextContent;
  /** The open intent: which step, the key it was sent under, and the earliest time it can have been sent. */
  readonly intent: { readonly step: string; readonly key: JsonValue; readonly startedAt: Date };
  /** Results of the steps before it, by name. */
  readonly results: Readonly<Record<string, JsonValue>>;
  /** Platform post ids that belong to other publications: never a match. */
  readonly takenPostIds: ReadonlySet<string>;
}

/**
 * `found`: it is there. `not_seen`: the platform answered and it was not there (the caller counts such answers against
 * `ReconciliationRules.absence`). `cannot_tell`: the platform has no way to say. A `PlatformError` means: ask again later.
 */
export type ReconcileFinding =
  | { readonly kind: 'found'; readonly platformPostId: string; readonly url: string | null; readonly evidence: string }
  | { readonly kind: 'not_seen'; readonly evidence: string }
  | { readonly kind: 'cannot_tell'; readonly evidence: string };
