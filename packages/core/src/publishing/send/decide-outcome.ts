import type { PublicationError } from '@vibetribe/contracts/post';
import type { ErrorCategory } from '@vibetribe/contracts/publication-status';
import { ownFaultOf } from '@vibetribe/platforms/http/own-faults';
import { PlatformError, type PlatformErrorKind } from '@vibetribe/platforms/port/platform-error';
import { OwnTroubleError } from './own-trouble-error.ts';
import type { Outcome } from '../state/publication-input.ts';

export interface OutcomeFacts {
  /** A send was begun in this run and nothing has answered it. */
  readonly intentOpen: boolean;
  /** A send before this run may have arrived. */
  readonly earlierInDoubt: boolean;
  /** A step that makes something visible has succeeded: from here on nothing is final but its success. */
  readonly committed: boolean;
  /** False in an ablation only. */
  readonly silenceIsUnknown: boolean;
  readonly quietMs: number;
  /** How long after its time the publication was claimed; 0 or less: in time. */
  readonly lateByMs: number;
  readonly manual: PublicationError['manual'];
}

const quotaPauseMs = 3_600_000;
const processingPauseMs = 5_000;

const categories: Record<PlatformErrorKind, ErrorCategory> = {
  auth_expired: 'auth',
  auth_revoked: 'auth',
  permission: 'auth',
  rate_limit: 'rate_limit',
  quota: 'rate_limit',
  content: 'content',
  policy: 'content',
  duplicate: 'content',
  not_found: 'platform',
  media_processing: 'platform',
  unavailable: 'platform',
  network: 'network',
  ambiguous: 'unknown_outcome',
};

/** The one place where a failed run becomes a fate. What is not the platform's doing is unknown if a send was begun and may have left, else waited for. */
export function decideOutcome(error: unknown, facts: OutcomeFacts): Outcome {
  const trouble = ownTroubleIn(error);
  if (trouble !== null) return postponed(trouble, facts);
  if (error instanceof PlatformError) {
    const outcome = outcomeOf(error, facts);
    if (!facts.committed || outcome.kind !== 'rejected') return outcome;
    return { kind: 'retry', fault: outcome.error, retryAfterMs: error.retryAfterMs };
  }
  if (!facts.intentOpen) return postponed(somethingOfOurs, facts);
  const fault = { category: 'unknown_outcome', code: 'internal', message: somethingOfOurs } as const;
  return { kind: 'unknown', fault, quietMs: facts.quietMs };
}

/** So long after its time a platform may still be at work on it, ms: each has its own end for what it does end. */
const workMaxMs = 48 * 3_600_000;

/** Work that never ends uses up the retries, and is told. @param lateByMs see `OutcomeFacts` */
export function withinBounds(outcome: Outcome, lateByMs: number): Outcome {
  if (outcome.kind !== 'processing' || lateByMs <= workMaxMs) return outcome;
  const fault = {
    category: 'platform',
    code: 'still_working',
    message: `${outcome.detail}, two days after its time`,
  } as const;
  return { kind: 'retry', fault, retryAfterMs: null };
}

export const somethingOfOurs = 'Something on our side does not work.';

/** Faults of ours after which it is certain that nothing left. */
function ownTroubleIn(error: unknown): string | null {
  if (error instanceof OwnTroubleError) return error.message;
  return error instanceof PlatformError && error.kind === 'network' ? ownFaultOf(error.platformCode) : null;
}

/** The later it is already, the longer until the next look, ms. */
const troublePause = { share: 1 / 4, minMs: 2_000, maxMs: 60_000 };
const limitPause = { share: 1 / 4, minMs: 60_000, maxMs: 3_600_000 };

function pauseByLateness({ lateByMs }: OutcomeFacts, { share, minMs, maxMs }: typeof troublePause): number {
  return Math.min(maxMs, Math.max(minMs, Math.round(lateByMs * share)));
}

function postponed(detail: string, facts: OutcomeFacts): Outcome {
  const retryAfterMs = pauseByLateness(facts, troublePause);
  return { kind: 'postponed', reason: 'internal', detail, retryAfterMs, committed: facts.committed };
}

/** A platform's refusal of what it had accepted before: nothing of it is visible, so that it may fail for good. */
export function turnDown(error: PlatformError, manual: PublicationError['manual']): Outcome {
  const fault = { category: categories[error.kind], code: error.platformCode, message: error.message };
  return { kind: 'rejected', error: { ...fault, retryable: false, manual }, turnedDown: true };
}

function outcomeOf(error: PlatformError, facts: OutcomeFacts): Outcome {
  if (error.accountGone !== null)
    return {
      kind: 'postponed',
      reason: 'token',
      retryAfterMs: null,
      detail: `${error.message}. Once it is connected again, it goes out.`,
      committed: facts.committed,
    };
  const fault = { category: categories[error.kind], code: error.platformCode, message: error.message };
  switch (error.kind) {
    case 'ambiguous':
      if (!facts.silenceIsUnknown) return { kind: 'retry', fault, retryAfterMs: error.retryAfterMs };
      return { kind: 'unknown', fault, quietMs: facts.quietMs };
    case 'rate_limit':
      return {
        kind: 'wait',
        reason: 'rate_limit',
        retryAfterMs: error.retryAfterMs ?? pauseByLateness(facts, limitPause),
        detail: error.message,
      };
    case 'quota':
      return {
        kind: 'wait',
        reason: 'rate_limit',
        retryAfterMs: error.retryAfterMs ?? quotaPauseMs,
        detail: error.message,
      };
    case 'media_processing':
      return {
        kind: 'processing',
        pollAfterMs: error.retryAfterMs ?? processingPauseMs,
        detail: error.message,
        committed: false,
      };
    case 'auth_revoked':
      return {
        kind: 'postponed',
        reason: 'token',
        retryAfterMs: null,
        detail: 'The account must be connected again; then it goes out.',
        committed: facts.committed,
      };
    case 'auth_expired':
    case 'network':
    case 'unavailable':
      return { kind: 'retry', fault, retryAfterMs: error.retryAfterMs };
    case 'duplicate':
      if (facts.earlierInDoubt && error.duplicateOf !== null) {
        const { platformPostId } = error.duplicateOf;
        const evidence = `it refused a repeat as a duplicate of ${platformPostId}, which an earlier send must have made`;
        return { kind: 'published', ...error.duplicateOf, evidence };
      }
      if (facts.earlierInDoubt) {
        const evidence = 'The platform refused a repeat as a duplicate, so an earlier send must have arrived.';
        return { kind: 'unknown', fault: { ...fault, category: 'unknown_outcome' }, quietMs: facts.quietMs, evidence };
      }
      return rejected(fault, facts);
    case 'permission':
    case 'content':
    case 'policy':
    case 'not_found':
      return rejected(fault, facts);
  }
}

function rejected(fault: { category: ErrorCategory; code: string; message: string }, facts: OutcomeFacts): Outcome {
  return { kind: 'rejected', error: { ...fault, retryable: false, manual: facts.manual } };
}
