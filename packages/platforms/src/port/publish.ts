import type { PlatformError } from './platform-error.ts';
import type { PlatformHttp } from './platform-http.ts';
import type { AccountCall, VisiblePart } from './account.ts';
import type { PublishContent } from './content.ts';
import type { JsonValue } from './json-value.ts';

/**
 * `read`: changes nothing. `idempotent`: may be repeated without anyone seeing a difference (an upload, a container).
 * `once`: makes something visible; its intent is on disk before it runs, and only it can end as unknown.
 */
export type StepEffect = 'read' | 'idempotent' | 'once';

/**
 * One visible part: the post itself, a part of a thread after it, or a comment below it. The caller goes through the parts one by
 * one, each with steps, keys and results of its own; an adapter sees one part at a time.
 */
export interface PublishRun extends AccountCall {
  /** Of this part. */
  readonly content: PublishContent;
  /** What this part answers; null for the post itself. */
  readonly replyTo: ReplyTarget | null;
  /** A client bound to this attempt's deadline. Inside a `once` step, use the one the step is given. */
  readonly http: PlatformHttp;
  /** When this run began: what the life of an upload is measured from. */
  readonly now: Date;
  /** Whether this part has a stored result under this name. */
  hasResult(name: string): boolean;
  /**
   * Runs `run` unless this part has a stored result under `name`; then that result comes back and nothing is sent.
   * `key` is asked for once per part and stored before the first run; every later run gets the stored one.
   */
  step<Result extends JsonValue, Key extends JsonValue = null>(step: {
    readonly name: string;
    readonly effect: StepEffect;
    readonly key?: (seed: KeySeed) => Key | Promise<Key>;
    /** `startedAt`: when this send began; see `PlatformAdapter.sendTimesDiffer`. */
    readonly run: (context: {
      readonly key: Key;
      readonly http: PlatformHttp;
      readonly startedAt: Date;
    }) => Promise<Result>;
  }): Promise<Result>;
}

/** `root` is the post; `parent` the part directly before, which is the post again for the second part and for a comment. */
export interface ReplyTarget {
  readonly root: VisiblePart;
  readonly parent: VisiblePart;
}

/** A run of a part that answers another one. */
export interface ReplyRun extends PublishRun {
  readonly replyTo: ReplyTarget;
}

/** What a key may be made of. */
export interface KeySeed {
  /** Unique for each part of each publication, and the same whenever it is asked for. */
  readonly partId: string;
  /** The last post of this account that this process has seen appear: whatever is sent from now on is newer. Null: none. */
  readonly lastPost: LastPost | null;
}

export interface LastPost {
  readonly id: string;
  readonly ageMs: number;
}

export interface Published extends VisiblePart {
  readonly kind: 'published';
}

/** Accepted but not visible yet; `publish` runs again after `pollAfterMs`, finished steps are not repeated. */
export interface StillProcessing {
  readonly kind: 'processing';
  readonly pollAfterMs: number;
  readonly detail: string;
}

/** Accepted first and refused afterwards, by a check or a conversion: it is not visible and never will be. */
export interface TurnedDown {
  readonly kind: 'turned_down';
  readonly error: PlatformError;
}

export type PublishFate = Published | StillProcessing | TurnedDown;
