import type { PublicationState } from '../state/publication-state.ts';

/** One publication of one part or of two, two publishers, a user who may cancel or pause, a platform, and time in steps. Everything that can differ is in here. */
export interface ModelState {
  readonly tick: number;
  readonly publication: PublicationState;
  readonly workers: readonly [Worker, Worker];
  /** Requests between a publisher and the platform. */
  readonly inFlight: readonly Request[];
  /** What became visible to readers, and when. A part twice: published twice. */
  readonly visible: readonly { readonly part: number; readonly fromTick: number }[];
  /** Each but the first answers the one before it. */
  readonly partCount: 1 | 2;
  /** The user was told that the post will not appear. */
  readonly cancelPromised: boolean;
  /** An emergency stop. `in_force`: the user was told that no send begins any more. */
  readonly pause: 'none' | 'in_force' | 'lifted';
  readonly crashesLeft: number;
  readonly lossesLeft: number;
  /** Statements of ours that may still fail, with or without having been carried out. */
  readonly troublesLeft: number;
  /** Requests that the platform may still refuse for good. */
  readonly refusalsLeft: number;
  /** The fence when the user mended what had failed, and had it tried again: a claim from before has the old text. Null: not mended. */
  readonly mendedAtFence: number | null;
  /** Set where a protection was seen broken on the way here. */
  readonly early: boolean;
  readonly begunInPause: boolean;
  readonly retryUsedByUs: boolean;
  readonly oldTextAppeared: boolean;
}

export interface Request extends Claim {
  readonly sentAtTick: number;
  readonly worker: 0 | 1 | null;
}

export interface Claim {
  readonly fence: number;
  readonly part: number;
}

/** A publisher: what it has in memory. A frozen one is simply not chosen to act; a dead one is idle again. */
export type Worker =
  | { readonly doing: 'nothing' }
  | ({ readonly doing: 'preparing' } & Claim)
  /** It has looked at the pauses, and its intent is not committed yet. */
  | ({ readonly doing: 'intending'; readonly lookedAtTick: number } & Claim)
  | ({ readonly doing: 'about_to_send'; readonly sendBeforeTick: number } & Claim)
  | ({ readonly doing: 'awaiting_reply'; readonly sentAtTick: number } & Claim)
  | ({ readonly doing: 'reporting'; readonly saw: Seen } & Claim)
  | ({ readonly doing: 'asking' } & Claim)
  | ({ readonly doing: 'reporting_finding'; readonly saw: 'found' | 'not_seen' } & Claim);

/** What became of a send, as its publisher knows it. `trouble`: a statement of its own failed before the send. */
export type Seen = 'accepted' | 'refused' | 'silence' | 'unsent' | 'trouble';

/** One protection removed at a time: each run without it must find the harm it prevents. */
export type Ablation =
  | 'no_late_fence'
  | 'no_fence_in_outcome'
  | 'no_intent_before_send'
  | 'no_quiet_period'
  | 'client_clock_in_claim'
  | 'silence_is_retried'
  | 'no_pause_lock'
  | 'trouble_is_retried'
  | 'doubt_is_mended'
  | 'part_untold'
  | 'no_sweeper';

export const msPerTick = 10_000;
/** Time ends here; long enough for two sends with everything that can go wrong between them. */
export const lastTick = 13;
export const leaseTicks = 3;
/** A request handed over within this many ticks of its intent ends before the lease does. */
export const sendBudgetTicks = 1;
/** How long a request may be under way before it arrives or is dropped for good. */
export const requestTicks = 1;
/** How long the platform's listing may hide what it has accepted. */
export const listingLagTicks = 1;
export const quietTicks = 2;
/** How far a publisher's clock runs ahead. */
export const clockSkewTicks = 2;
export const dueTick = 2;
