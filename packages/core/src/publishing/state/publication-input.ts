import type { PublicationError } from '@vibetribe/contracts/post';
import type { WaitingReason } from '@vibetribe/contracts/publication-status';
import type { JsonValue } from '@vibetribe/platforms/port/json-value';
import type { ReconcileFinding } from '@vibetribe/platforms/port/reconcile';
import type { Fault } from './publication-state.ts';

/** What can happen to a publication. The closed list: nothing else changes one. */
export type PublicationInput =
  | UserInput
  | { readonly type: 'claim'; readonly leaseMs: number; readonly gate: Gate }
  | { readonly type: 'intend'; readonly fence: number; readonly leaseMs: number; readonly part?: PartPosition }
  /** A step's result goes on disk; `committed`: it was the one that makes something visible. */
  | {
      readonly type: 'progress';
      readonly fence: number;
      readonly leaseMs: number;
      readonly step: string;
      readonly message?: string | undefined;
      readonly committed: boolean;
      readonly part?: PartPosition;
    }
  | {
      readonly type: 'outcome';
      readonly fence: number;
      readonly outcome: Outcome;
      readonly policy: RetryPolicy;
      readonly part?: PartPosition;
    }
  | {
      readonly type: 'finding';
      readonly fence: number;
      readonly finding: Finding;
      readonly policy: RetryPolicy & ReconcilePolicy;
      readonly part?: PartPosition;
    }
  | { readonly type: 'lease_expired'; readonly policy: ReconcilePolicy }
  | { readonly type: 'resume'; readonly reasons: readonly WaitingReason[] };

export type UserInput =
  | { readonly type: 'schedule'; readonly atMs: number }
  | { readonly type: 'unschedule' }
  /** `manual`: what its people may do by hand with the content that it now has. */
  | { readonly type: 'edit'; readonly manual?: PublicationError['manual'] }
  | { readonly type: 'cancel' }
  | { readonly type: 'publish_now' }
  | { readonly type: 'retry' }
  | { readonly type: 'resolve'; readonly resolution: Resolution; readonly part?: PartPosition };

/** Which part of several is meant; absent where there is one alone. */
export interface PartPosition {
  readonly index: number;
  readonly isLast: boolean;
  /** How long the claim goes on where parts follow, ms. */
  readonly leaseMs: number;
}

export type Resolution =
  | { readonly kind: 'published'; readonly platformPostId: string | null; readonly url: string | null }
  | { readonly kind: 'not_published'; readonly retry: boolean }
  | { readonly kind: 'publish' }
  | { readonly kind: 'skip' };

/** Whether a due publication may go now: what the pauses, breaker, limits, token and misfire policy said under the row's lock. */
export type Gate =
  | { readonly kind: 'go' }
  | { readonly kind: 'wait'; readonly reason: WaitingReason; readonly untilMs: number | null; readonly detail: string }
  | { readonly kind: 'skip'; readonly because: 'misfire' | 'disconnected'; readonly detail: string };

/** The closed set of fates a publishing run may end in. */
export type Outcome =
  | {
      readonly kind: 'published';
      readonly platformPostId: string;
      readonly url: string | null;
      readonly reference?: JsonValue;
      /** Where no answer to this send says so: why it is there. */
      readonly evidence?: string;
    }
  | { readonly kind: 'processing'; readonly pollAfterMs: number; readonly detail: string; readonly committed: boolean }
  /** Provably nothing became visible. */
  | { readonly kind: 'retry'; readonly fault: Fault; readonly retryAfterMs: number | null }
  /** `retryAfterMs` null: until someone acts. */
  | {
      readonly kind: 'wait';
      readonly reason: WaitingReason;
      readonly retryAfterMs: number | null;
      readonly detail: string;
    }
  /**
   * The platform was sent nothing, or refused it for its token alone: a send that was begun counts as none. `retryAfterMs` null: until
   * someone acts. `committed`: an earlier step of this run has made something visible.
   */
  | {
      readonly kind: 'postponed';
      readonly reason: 'internal' | 'token';
      readonly detail: string;
      readonly retryAfterMs: number | null;
      readonly committed: boolean;
    }
  /** `turnedDown`: what the platform had accepted before is refused as well, so that nothing of it is visible. */
  | { readonly kind: 'rejected'; readonly error: PublicationError; readonly turnedDown?: true }
  /** `evidence`: why it is as good as certain that an earlier send arrived, a sentence for a person. */
  | { readonly kind: 'unknown'; readonly fault: Fault; readonly quietMs: number; readonly evidence?: string };

/** What asking the platform about an unknown outcome brought. */
export type Finding =
  | {
      readonly kind: 'found';
      readonly platformPostId: string;
      readonly url: string | null;
      readonly reference?: JsonValue;
      readonly evidence: string;
    }
  | NotSeen
  | { readonly kind: 'inconclusive'; readonly evidence: string }
  | { readonly kind: 'cannot_tell'; readonly evidence: string }
  /** No answer. `untilMs` null: not before the account is connected again. */
  | {
      readonly kind: 'no_answer';
      readonly detail: string;
      readonly retryAfterMs: number | null;
      readonly needsReconnect: boolean;
    };

type NotSeen = Extract<ReconcileFinding, { kind: 'not_seen' }>;

export interface RetryPolicy {
  readonly retryDelaysMs: readonly number[];
  /** 0 to 1, drawn by the caller: jitter only lengthens. */
  readonly jitter: number;
  /** The platform has answered nobody since this publication's first fault: the platform is down, not this post. */
  readonly outage: boolean;
  /** What the author may do by hand once retries are exhausted. */
  readonly manual: PublicationError['manual'];
}

export interface ReconcilePolicy {
  readonly quietMs: number;
  readonly absentReadsRequired: number;
  readonly absentSpacingMs: number;
}
