import type { PublicationError } from '@vibetribe/contracts/post';
import type { ErrorCategory } from '@vibetribe/contracts/publication-status';
import { PlatformError, type PlatformErrorKind } from '@vibetribe/platforms/platform-error';
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
  readonly manual: PublicationError['manual'];
}

const rateLimitPauseMs = 60_000;
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

/** The one place where a failed run becomes a fate. What nobody foresaw is unknown if a send was begun, else a fault of ours worth a retry. */
export function decideOutcome(error: unknown, facts: OutcomeFacts): Outcome {
  if (error instanceof PlatformError) {
    const outcome = outcomeOf(error, facts);
    if (!facts.committed || outcome.kind !== 'rejected') return outcome;
    return { kind: 'retry', fault: outcome.error, retryAfterMs: error.retryAfterMs };
  }
  const fault = { category: 'platform', code: 'internal', message: 'Something went wrong on our side.' } as const;
  return facts.intentOpen
    ? { kind: 'unknown', fault: { ...fault, category: 'unknown_outcome' }, quietMs: facts.quietMs }
    : { kind: 'retry', fault, retryAfterMs: null };
}

/** A platform's refusal of what it had accepted before: nothing of it is visible, so that it may fail for good. */
export function turnDown(error: PlatformError, manual: PublicationError['manual']): Outcome {
  const fault = { category: categories[error.kind], code: error.platformCode, message: error.message };
  return { kind: 'rejected', error: { ...fault, retryable: false, manual }, turnedDown: true };
}

function outcomeOf(error: PlatformError, facts: OutcomeFacts): Outcome {
  const fault = { category: categories[error.kind], code: error.platformCode, message: error.message };
  switch (error.kind) {
    case 'ambiguous':
      if (!facts.silenceIsUnknown) return { kind: 'retry', fault, retryAfterMs: error.retryAfterMs };
      return { kind: 'unknown', fault, quietMs: facts.quietMs };
    case 'rate_limit':
      return {
        kind: 'wait',
        reason: 'rate_limit',
        retryAfterMs: error.retryAfterMs ?? rateLimitPauseMs,
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
        kind: 'wait',
        reason: 'token',
        retryAfterMs: null,
        detail: 'The account must be connected again; then it goes out.',
      };
    case 'auth_expired':
    case 'network':
    case 'unavailable':
      return { kind: 'retry', fault, retryAfterMs: error.retryAfterMs };
    case 'duplicate':
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
