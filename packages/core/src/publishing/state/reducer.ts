import type { EventType } from '@vibetribe/contracts/event-type';
import { receiveFinding } from './receive-finding.ts';
import { becomeUnconfirmed, fail, receiveOutcome } from './receive-outcome.ts';
import type { PublicationInput } from './publication-input.ts';
import type { PublicationState } from './publication-state.ts';
import { receiveUserInput } from './receive-user-input.ts';
import { type Transition, moved, refused, waitUntil } from './transition.ts';
import { publisherStopped } from './publisher-stopped.ts';
import { endSentence } from './end-sentence.ts';
import { isoTime } from './iso-time.ts';

/**
 * The publication's state machine: pure, and the only way a publication changes. `atMs` is the database's clock.
 * A refused input changes nothing and says why.
 */
export function transition(state: PublicationState, input: PublicationInput, atMs: number): Transition {
  switch (input.type) {
    case 'schedule':
    case 'unschedule':
    case 'edit':
    case 'cancel':
    case 'publish_now':
    case 'retry':
    case 'resolve':
      return receiveUserInput(state, input, atMs);
    case 'claim':
      return claim(state, input, atMs);
    case 'intend':
      return intend(state, input, atMs);
    case 'progress':
      return progress(state, input, atMs);
    case 'outcome':
      return receiveOutcome(state, input, atMs);
    case 'finding':
      return receiveFinding(state, input, atMs);
    case 'lease_expired':
      return expireLease(state, input.policy.quietMs, atMs);
    case 'resume':
      return resume(state, input.reasons, atMs);
  }
}

const claimable: ReadonlySet<PublicationState['status']> = new Set(['scheduled', 'retrying', 'waiting']);

function claim(state: PublicationState, input: Extract<PublicationInput, { type: 'claim' }>, atMs: number): Transition {
  if (!claimable.has(state.status)) return refused('ended');
  if (state.leaseUntilMs !== null) return refused('leased');
  if (state.dueAtMs === null || state.dueAtMs > atMs) return refused('not_due');
  // Asking what became of a send is never held back, and a send that began is never skipped.
  if (state.intentAtMs !== null && input.gate.kind !== 'go') return refused('intent_open');
  if (input.gate.kind === 'skip' && state.evidence !== null) return becomeUnconfirmed(state, state.evidence);
  if (input.gate.kind === 'skip' && state.parts.length > 0)
    return fail(state, {
      category: 'auth',
      code: 'stopped',
      message: input.gate.detail,
      retryable: false,
      manual: null,
    });
  if (input.gate.kind === 'skip') {
    const skipped = moved(
      { ...state, status: 'skipped', dueAtMs: null, waiting: null },
      event('publication.skipped', endSentence(input.gate.detail), { because: input.gate.because }),
    );
    if (input.gate.because === 'disconnected') return skipped;
    const body = input.gate.detail;
    return { ...skipped, notifications: [{ kind: 'publication_skipped', title: 'A post was not published', body }] };
  }
  if (input.gate.kind === 'wait') return waitUntil(state, input.gate);
  const leased = { ...state, fence: state.fence + 1, leaseUntilMs: atMs + input.leaseMs };
  if (state.intentAtMs !== null) {
    return moved(
      leased,
      event('publication.claimed', 'A publisher asks the platform what became of the last send.', { purpose: 'ask' }),
    );
  }
  return moved(
    { ...leased, status: 'publishing', waiting: null },
    event('publication.claimed', 'A publisher took it up.', { purpose: 'send', fence: leased.fence }),
  );
}

/** From here on, until an outcome is on disk, nobody sends again without asking the platform. The lease starts anew: the send has all of it. */
function intend(
  state: PublicationState,
  input: Extract<PublicationInput, { type: 'intend' }>,
  atMs: number,
): Transition {
  if (state.fence !== input.fence || state.status !== 'publishing') return refused('superseded');
  if (state.leaseUntilMs === null || state.leaseUntilMs <= atMs) return refused('lease_over');
  if (state.intentAtMs !== null) return refused('intent_open');
  const attempts = state.attempts + 1;
  return moved(
    {
      ...state,
      attempts,
      intentAtMs: atMs,
      inDoubtSinceMs: state.inDoubtSinceMs ?? atMs,
      leaseUntilMs: atMs + input.leaseMs,
      absentReads: 0,
      reconcileTries: 0,
    },
    event('publication.sent', `Send ${attempts} begins.`, { attempt: attempts }),
  );
}

function progress(
  state: PublicationState,
  input: Extract<PublicationInput, { type: 'progress' }>,
  atMs: number,
): Transition {
  if (state.fence !== input.fence || state.leaseUntilMs === null) return refused('superseded');
  const next = { ...state, leaseUntilMs: atMs + input.leaseMs };
  return moved(
    input.committed ? { ...next, committed: true, intentAtMs: null, inDoubtSinceMs: null, evidence: null } : next,
    event('publication.step_done', endSentence(input.message ?? `Step "${input.step}" is done.`), { step: input.step }),
  );
}

function expireLease(state: PublicationState, quietMs: number, atMs: number): Transition {
  if (state.leaseUntilMs === null || state.leaseUntilMs > atMs) return refused('not_expired');
  const free = { ...state, leaseUntilMs: null };
  if (state.intentAtMs === null) {
    const status = state.committed ? 'waiting' : state.attempts > 0 ? 'retrying' : 'scheduled';
    const waiting = state.committed
      ? ({ reason: 'processing', detail: 'Its publisher stopped; another one goes on.' } as const)
      : null;
    return moved(
      { ...free, status, waiting, dueAtMs: atMs },
      event('publication.lease_expired', 'Its publisher stopped before anything was sent; another one takes over.'),
    );
  }
  if (state.status === 'waiting') {
    return moved(
      { ...free, dueAtMs: atMs },
      event('publication.lease_expired', 'Its publisher stopped while asking the platform; another one asks.'),
    );
  }
  const askAtMs = Math.max(atMs, state.leaseUntilMs + quietMs);
  return moved(
    {
      ...free,
      status: 'waiting',
      waiting: {
        reason: 'reconciling',
        detail: 'Its publisher stopped while sending; the platform will be asked what became of it.',
      },
      dueAtMs: askAtMs,
      error: publisherStopped,
    },
    event(
      'publication.lease_expired',
      `Its publisher stopped while sending. Nothing is sent again before the platform was asked, at ${isoTime(askAtMs)}.`,
    ),
  );
}

function resume(state: PublicationState, reasons: readonly string[], atMs: number): Transition {
  if (state.status !== 'waiting' || state.waiting === null || state.leaseUntilMs !== null)
    return refused('not_waiting');
  const blockedReconcile =
    state.waiting.reason === 'reconciling' && state.dueAtMs === null && reasons.includes('token');
  if (!reasons.includes(state.waiting.reason) && !blockedReconcile) return refused('not_waiting');
  return moved({ ...state, dueAtMs: atMs });
}

function event(type: EventType, message: string, data: Record<string, unknown> = {}) {
  return { type, message, data };
}
