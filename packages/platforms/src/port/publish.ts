import type { PlatformHttp } from '../platform-http.ts';
import type { AdapterAccount } from './account.ts';
import type { PublishContent } from './content.ts';
import type { PlatformEndpoints } from './endpoints.ts';

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
    readonly key?: (seed: KeySeed) => Key | Promise<Key>;
    readonly run: (context: { readonly key: Key; readonly http: PlatformHttp }) => Promise<Result>;
  }): Promise<Result>;
}

/** What a key may be made of. `uniqueNumber` is unique per publication and step, 0 to 2^53. */
export interface KeySeed {
  readonly publicationId: string;
  readonly now: Date;
  readonly uniqueNumber: number;
  /** The last post of this account that this process has seen appear: whatever is sent from now on is newer. Null: none. */
  readonly lastPost: LastPost | null;
}

export interface LastPost {
  readonly id: string;
  readonly ageMs: number;
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
