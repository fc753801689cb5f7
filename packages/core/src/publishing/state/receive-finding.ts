import { endSentence } from './end-sentence.ts';
import { isoTime } from './iso-time.ts';
import type { Finding, PublicationInput } from './publication-input.ts';
import type { PublicationState } from './publication-state.ts';
import { finishPart, goOn, markPublished } from './finish-part.ts';
import { becomeUnconfirmed, retryOrFail } from './receive-outcome.ts';
import { postTaken } from './post-taken.ts';
import { publisherStopped } from './publisher-stopped.ts';
import { clause } from './clause.ts';
import { type Transition, countAgain, isTold, moved, refused, waitUntil } from './transition.ts';

type FindingInput = Extract<PublicationInput, { type: 'finding' }>;

/** The longest wait between two tries to ask a platform that does not answer, as a multiple of its quiet period. */
const askAgainQuietPeriodsMax = 15;

/** Found: published. Provably absent: tried again. Neither: a person decides. */
export function receiveFinding(state: PublicationState, input: FindingInput, atMs: number): Transition {
  if (state.fence !== input.fence || state.leaseUntilMs === null) return refused('superseded');
  if (state.intentAtMs === null) return refused('no_intent');
  const { finding } = input;
  switch (finding.kind) {
    case 'found': {
      const published =
        input.part?.isLast === false
          ? goOn(finishPart(state, finding, atMs), atMs)
          : markPublished(state, finding, atMs);
      const note = {
        type: 'publication.reconciled',
        message: endSentence(`The platform has it: ${finding.evidence}`),
        data: { finding: 'found' },
      } as const;
      return { ...published, events: [note, ...published.events] };
    }
    case 'not_seen':
      return countAbsence(state, input, finding, atMs);
    case 'inconclusive':
      return weighSilence(state, input, finding.evidence, atMs);
    case 'cannot_tell':
      return becomeUnconfirmed(state, finding.evidence);
    case 'no_answer':
      return askAgain(state, input, finding, atMs);
  }
}

const notSeen = {
  reason: 'reconciling',
  detail: 'Not seen on the platform yet; it is asked again before it counts as absent.',
} as const;

/** How many more looks a post gets of which we have reason to think that it is there, each twice as long after the one before. */
const looksForEvidence = 3;

function countAbsence(
  state: PublicationState,
  input: FindingInput,
  finding: Extract<Finding, { kind: 'not_seen' }>,
  atMs: number,
): Transition {
  const absentReads = state.absentReads + 1;
  const evidence = state.evidence ?? finding.doubt ?? null;
  const { absentReadsRequired, absentSpacingMs } = input.policy;
  if (absentReads < absentReadsRequired + (evidence === null ? 0 : looksForEvidence)) {
    const dueAtMs = atMs + Math.max(absentSpacingMs, 1) * 2 ** Math.max(0, absentReads - absentReadsRequired);
    const next = { ...state, leaseUntilMs: null, absentReads, dueAtMs, waiting: notSeen };
    if (isTold(state, notSeen)) return moved(countAgain(next, atMs));
    return moved(next, {
      type: 'publication.reconciled',
      message: `Not seen on the platform yet (${clause(finding.evidence)}). Asks again at ${isoTime(dueAtMs)} before it counts as absent.`,
      data: { finding: 'not_seen', absentReads },
    });
  }
  if (evidence !== null)
    return becomeUnconfirmed(state, `${endSentence(evidence)} A look found: ${endSentence(finding.evidence)}`);
  return sendAgain(state, input, finding.evidence, atMs);
}

function sendAgain(state: PublicationState, input: FindingInput, evidence: string, atMs: number): Transition {
  const note = {
    type: 'publication.reconciled',
    message: endSentence(`The platform does not have it: ${evidence}`),
    data: { finding: 'absent' },
  } as const;
  const closed = { ...state, intentAtMs: null, absentReads: 0, reconcileTries: 0 };
  if (state.error?.code === publisherStopped.code) {
    const detail = 'The send did not arrive, as its publisher had stopped; it is sent again.';
    const again = waitUntil({ ...closed, error: null }, { reason: 'internal', untilMs: atMs, detail }, atMs);
    return { ...again, events: [note, ...again.events] };
  }
  const fault = state.error ?? { category: 'unknown_outcome', code: 'absent' };
  const retried = retryOrFail(
    closed,
    {
      category: fault.category === 'unknown_outcome' ? 'platform' : fault.category,
      code: fault.code,
      message:
        fault.code === postTaken.code
          ? 'The platform answered the last send with the post of another publication.'
          : 'The last send did not reach the platform.',
    },
    input.policy,
    { atMs, notBeforeMs: atMs, countedFromMs: state.intentAtMs ?? atMs },
  );
  return { ...retried, events: [note, ...retried.events] };
}

/** How often a list is read that does not show what is known to be in it. */
const inconclusiveLooksMax = 8;

/** An answer that proves nothing counts neither for nor against: asked again, and then a person looks. */
function weighSilence(state: PublicationState, input: FindingInput, evidence: string, atMs: number): Transition {
  if (state.reconcileTries + 1 >= inconclusiveLooksMax) return becomeUnconfirmed(state, evidence);
  const detail = `The platform's answer proves nothing: ${evidence}`;
  return askAgain(state, input, { detail, retryAfterMs: null, needsReconnect: false }, atMs);
}

function askAgain(
  state: PublicationState,
  input: FindingInput,
  finding: { detail: string; retryAfterMs: number | null; needsReconnect: boolean },
  atMs: number,
): Transition {
  const reconcileTries = state.reconcileTries + 1;
  const pauseMs =
    Math.max(1_000, input.policy.quietMs) * Math.min(askAgainQuietPeriodsMax, 2 ** Math.min(reconcileTries - 1, 10));
  const dueAtMs = finding.needsReconnect ? null : atMs + Math.max(pauseMs, finding.retryAfterMs ?? 0);
  const when =
    dueAtMs === null ? 'Asks again once the account is connected again.' : `Asks again at ${isoTime(dueAtMs)}.`;
  const waiting = { reason: 'reconciling', detail: endSentence(finding.detail) } as const;
  const next = { ...state, leaseUntilMs: null, reconcileTries, dueAtMs, waiting };
  if (isTold(state, waiting)) return moved(countAgain(next, atMs));
  return moved(next, {
    type: 'publication.reconciled',
    message: `${waiting.detail} ${when}`,
    data: { finding: 'no_answer', tries: reconcileTries },
  });
}
