import type { PublicationError } from '@vibetribe/contracts/post';
import type { JsonValue } from '@vibetribe/platforms/port/json-value';
import type { ErrorCategory, PublicationStatus, WaitingReason } from '@vibetribe/contracts/publication-status';

/** Everything a decision about a publication depends on. Times are ms since the epoch, by the database's clock. */
export interface PublicationState {
  readonly status: PublicationStatus;
  /** When its author wanted it out; lateness counts from here. */
  readonly scheduledAtMs: number | null;
  /** When it wants to be looked at next; null: not before someone acts. */
  readonly dueAtMs: number | null;
  /** Sends begun. */
  readonly attempts: number;
  /** Of the retry budget; waiting uses none. */
  readonly retriesUsed: number;
  /** First of the faults in a row that ended without a success. */
  readonly firstFailedAtMs: number | null;
  /** Rises with every claim; a write that carries an older one is refused. */
  readonly fence: number;
  readonly leaseUntilMs: number | null;
  /** A send that began and whose outcome is not known yet. */
  readonly intentAtMs: number | null;
  /** When the first send began that may have arrived: until the platform's own word, or a person's, says that none did. */
  readonly inDoubtSinceMs: number | null;
  /** Why it may be there although no look-up sees it; such a publication never counts as failed. */
  readonly evidence: string | null;
  /** A step that makes something visible has succeeded. */
  readonly committed: boolean;
  readonly absentReads: number;
  readonly reconcileTries: number;
  readonly waiting: { readonly reason: WaitingReason; readonly detail: string } | null;
  /** The wait that the last entry of its timeline tells of, and how often that came again since: once is one entry, so is a thousand times. */
  readonly toldWait: ToldWait | null;
  readonly platformPostId: string | null;
  readonly url: string | null;
  readonly publishedAtMs: number | null;
  /** Those that are out of a publication of several parts, in order; empty for one of a single part. */
  readonly parts: readonly PublishedPart[];
  readonly error: PublicationError | null;
}

export interface PublishedPart {
  /** Null where a person has settled it without. */
  readonly platformPostId: string | null;
  readonly url: string | null;
  /** See `VisiblePart`. */
  readonly reference: JsonValue;
  readonly publishedAtMs: number;
}

export interface ToldWait {
  readonly reason: WaitingReason;
  readonly detail: string;
  readonly times: number;
  readonly lastAtMs: number;
}

/** A fault as the state machine sees it; `manual` is filled in by whoever knows the text. */
export interface Fault {
  readonly category: ErrorCategory;
  readonly code: string;
  readonly message: string;
}

export const newPublication: PublicationState = {
  status: 'draft',
  scheduledAtMs: null,
  dueAtMs: null,
  attempts: 0,
  retriesUsed: 0,
  firstFailedAtMs: null,
  fence: 0,
  leaseUntilMs: null,
  intentAtMs: null,
  inDoubtSinceMs: null,
  evidence: null,
  committed: false,
  absentReads: 0,
  reconcileTries: 0,
  waiting: null,
  toldWait: null,
  platformPostId: null,
  url: null,
  publishedAtMs: null,
  parts: [],
  error: null,
};
