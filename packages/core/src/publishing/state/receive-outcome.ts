import { retryDelayMs } from '@vibetribe/resilience/backoff';
import { finishPart, goOn, markPublished } from './finish-part.ts';
import { isoTime } from './iso-time.ts';
import type { Outcome, PartPosition, PublicationInput, RetryPolicy } from './publication-input.ts';
import type { Fault, PublicationState } from './publication-state.ts';
import { endSentence } from './end-sentence.ts';
import { type Moved, type Transition, moved, refused, waitUntil } from './transition.ts';

type OutcomeInput = Extract<PublicationInput, { type: 'outcome' }>;

/** How long a wait without a time from the platform lasts before the next look, ms. */
const defaultWaitMs = 60_000;

export function receiveOutcome(state: PublicationState, input: OutcomeInput, atMs: number): Transition {
  const { outcome } = input;
  if (state.fence !== input.fence || state.leaseUntilMs === null) return receiveLateOutcome(state, input, atMs);
  switch (outcome.kind) {
    case 'published':
      return explained(receivePublished(state, outcome, input.part, atMs), outcome.evidence);
    case 'processing': {
      const committed = state.committed || outcome.committed;
      return waitUntil(
        { ...closeIntent(state), committed },
        { reason: 'processing', untilMs: atMs + outcome.pollAfterMs, detail: outcome.detail },
        atMs,
      );
    }
    case 'wait': {
      const untilMs = outcome.retryAfterMs === null ? null : atMs + outcome.retryAfterMs;
      return waitUntil(closeIntent(state), { reason: outcome.reason, untilMs, detail: outcome.detail }, atMs);
    }
    case 'postponed':
      return postpone(state, outcome, atMs);
    case 'retry':
      return retryOrFail(closeIntent(state), outcome.fault, input.policy, {
        atMs,
        notBeforeMs: atMs + (outcome.retryAfterMs ?? 0),
      });
    case 'rejected':
      return fail(outcome.turnedDown === true ? { ...closeIntent(state), committed: false } : closeIntent(state), {
        ...outcome.error,
        message: endSentence(outcome.error.message),
      });
    case 'unknown':
      if (state.intentAtMs === null) return refused('no_intent');
      return becomeUnknown(state, outcome, atMs);
  }
}

function explained(taken: Moved, evidence: string | undefined): Moved {
  if (evidence === undefined) return taken;
  const message = endSentence(`The platform has it: ${evidence}`);
  return {
    ...taken,
    events: [{ type: 'publication.reconciled', message, data: { finding: 'found' } }, ...taken.events],
  };
}

/** The platform's own word that this send did nothing; one before it may still have arrived. */
function closeIntent(state: PublicationState): PublicationState {
  const wasFirst = state.inDoubtSinceMs === state.intentAtMs;
  return { ...state, intentAtMs: null, inDoubtSinceMs: wasFirst ? null : state.inDoubtSinceMs };
}

function postpone(
  state: PublicationState,
  { reason, detail, retryAfterMs, committed }: Extract<Outcome, { kind: 'postponed' }>,
  atMs: number,
): Transition {
  const wasSent = state.intentAtMs === null || committed;
  return waitUntil(
    {
      ...closeIntent(state),
      attempts: wasSent ? state.attempts : state.attempts - 1,
      committed: state.committed || committed,
    },
    { reason, untilMs: retryAfterMs === null ? null : atMs + retryAfterMs, detail },
    atMs,
  );
}

/** Of several parts the claim goes on to the next one; what is told a second time, as the first answer was lost, changes nothing. */
function receivePublished(
  state: PublicationState,
  outcome: Extract<Outcome, { kind: 'published' }>,
  part: PartPosition | undefined,
  atMs: number,
): Moved {
  if (part === undefined) return markPublished(state, outcome, atMs);
  if (part.index < state.parts.length) return moved(state);
  if (part.isLast) return markPublished(state, outcome, atMs);
  return finishPart({ ...state, leaseUntilMs: atMs + part.leaseMs }, outcome, atMs);
}

/**
 * Decides what follows a failed send. In an outage the publication waits for the platform, and retries that were used before the
 * outage was known are given back. Otherwise it uses a retry, or fails where none is left.
 */
export function retryOrFail(
  state: PublicationState,
  fault: Fault,
  policy: RetryPolicy,
  when: { atMs: number; notBeforeMs: number; countedFromMs?: number },
): Moved {
  const failing = { ...state, leaseUntilMs: null, waiting: null, firstFailedAtMs: state.firstFailedAtMs ?? when.atMs };
  const fromMs = when.countedFromMs ?? when.atMs;
  if (policy.outage) {
    const untilMs = Math.max(when.notBeforeMs, when.atMs, fromMs + (policy.retryDelaysMs[0] ?? defaultWaitMs));
    const waiting = { ...failing, retriesUsed: 0, error: asError(fault, true, null) };
    const detail = 'The platform is down; it goes out when the platform is back.';
    return waitUntil(waiting, { reason: 'breaker', untilMs, detail }, when.atMs);
  }
  const delayMs = retryDelayMs(state.retriesUsed + 1, policy.retryDelaysMs, () => policy.jitter);
  if (delayMs !== null) {
    const dueAtMs = Math.max(when.atMs, when.notBeforeMs, fromMs + delayMs);
    return moved(
      {
        ...failing,
        status: 'retrying',
        retriesUsed: state.retriesUsed + 1,
        dueAtMs,
        error: asError(fault, true, null),
      },
      {
        type: 'publication.retrying',
        message: `${endSentence(fault.message)} Tries again at ${isoTime(dueAtMs)}.`,
        data: {
          category: fault.category,
          code: fault.code,
          retry: state.retriesUsed + 1,
          nextAttemptAt: isoTime(dueAtMs),
        },
      },
    );
  }
  return fail(failing, asError(fault, false, policy.manual));
}

/** What has made something visible, or may have, cannot have failed: a person looks. Of several parts the one that failed is meant; those before it stay. */
export function fail(state: PublicationState, error: NonNullable<PublicationState['error']>): Moved {
  if (state.committed)
    return becomeUnconfirmed(state, endSentence(`The platform took it, then something went wrong: ${error.message}`));
  if (state.evidence !== null) return becomeUnconfirmed(state, state.evidence);
  const failed = { ...state, status: 'failed', dueAtMs: null, leaseUntilMs: null, waiting: null, error } as const;
  const done = state.parts.length;
  const message = done === 0 ? error.message : `Part ${done + 1} failed, what is before it is out: ${error.message}`;
  const data = { category: error.category, code: error.code, ...(done === 0 ? {} : { partsPublished: done }) };
  return {
    ...moved(failed, { type: 'publication.failed', message: endSentence(message), data }),
    notifications: [{ kind: 'publication_failed', title: 'A post could not be published', body: message }],
  };
}

export function becomeUnconfirmed(state: PublicationState, evidence: string): Moved {
  const message = `Only a person can tell whether this was published. ${endSentence(evidence)} Please look at the account and settle it.`;
  const unconfirmed = {
    ...state,
    status: 'unconfirmed',
    leaseUntilMs: null,
    dueAtMs: null,
    waiting: null,
    error: { category: 'unknown_outcome', code: 'unconfirmed', message, retryable: false, manual: null },
  } as const;
  return {
    ...moved(unconfirmed, { type: 'publication.unconfirmed', message, data: {} }),
    notifications: [
      { kind: 'publication_unconfirmed', title: 'Please check whether a post was published', body: message },
    ],
  };
}

function becomeUnknown(
  state: PublicationState,
  outcome: Extract<Outcome, { kind: 'unknown' }>,
  atMs: number,
): Transition {
  const askAtMs = atMs + outcome.quietMs;
  return moved(
    {
      ...state,
      status: 'waiting',
      leaseUntilMs: null,
      dueAtMs: askAtMs,
      absentReads: 0,
      reconcileTries: 0,
      evidence: outcome.evidence ?? state.evidence,
      firstFailedAtMs: state.firstFailedAtMs ?? atMs,
      waiting: {
        reason: 'reconciling',
        detail: 'It is not known whether the last send arrived; the platform will be asked.',
      },
      error: asError(outcome.fault, true, null),
    },
    {
      type: 'publication.outcome_unknown',
      message: `${endSentence(outcome.fault.message)} Nothing is sent again before the platform was asked, at ${isoTime(askAtMs)}.`,
      data: { code: outcome.fault.code, asksAt: isoTime(askAtMs) },
    },
  );
}

/**
 * A publisher reports although it has lost its claim. Proof that the post is out ends the search, and takes the claim from a publisher
 * that was about to send it again. Any other report is only noted.
 */
function receiveLateOutcome(state: PublicationState, { outcome, part }: OutcomeInput, atMs: number): Transition {
  if (outcome.kind !== 'published') return refused('superseded');
  // Another publisher has found this part, and may be at the next one.
  if (part !== undefined && part.index !== state.parts.length) return refused('superseded');
  // Its own report, repeated because the answer to the first one was lost.
  if (state.status === 'published' && state.platformPostId === outcome.platformPostId) return refused('superseded');
  const searching = !['published', 'canceled', 'skipped', 'draft'].includes(state.status);
  const note = {
    type: 'publication.late_evidence',
    message: 'A publisher that had lost its claim reports the post as published.',
    data: { platformPostId: outcome.platformPostId, url: outcome.url },
  } as const;
  if (!searching) return moved(state, note);
  const freed = { ...state, fence: state.fence + 1 };
  const published =
    part?.isLast === false ? goOn(finishPart(freed, outcome, atMs), atMs) : markPublished(freed, outcome, atMs);
  return { ...published, events: [note, ...published.events] };
}

function asError(
  fault: Fault,
  retryable: boolean,
  manual: RetryPolicy['manual'],
): NonNullable<PublicationState['error']> {
  return { category: fault.category, code: fault.code, message: endSentence(fault.message), retryable, manual };
}
