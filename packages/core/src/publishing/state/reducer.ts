import type { EventType } from '@vibetribe/contracts/event-type';
import type { WaitingReason } from '@vibetribe/contracts/publication-status';
import { receiveFinding } from './receive-finding.ts';
import { becomeUnconfirmed, fail, receiveOutcome } from './receive-outcome.ts';
import type { PublicationInput } from './publication-input.ts';
import type { PublicationState, ToldWait } from './publication-state.ts';
import { receiveUserInput } from './receive-user-input.ts';
import {
  countAgain,
  isTold,
  type Moved,
  moved,
  refused,
  type TimelineEntry,
  type Transition,
  waitUntil,
} from './transition.ts';
import { publisherStopped } from './publisher-stopped.ts';
import { endSentence } from './end-sentence.ts';
import { isoTime } from './iso-time.ts';

/**
 * The publication's state machine: pure, and the only way a publication changes. `atMs` is the database's clock.
 * A refused input changes nothing and says why.
 */
export function transition(state: PublicationState, input: PublicationInput, atMs: number): Transition {
  const taken = decide(state, input, atMs);
  return taken.kind === 'moved' ? noteWhatIsTold(state, taken, atMs) : taken;
}

/** Whatever is told next ends a wait that came again and again, and says how often. A claim that was not told for it is told first. */
function noteWhatIsTold(before: PublicationState, taken: Moved, atMs: number): Moved {
  const { toldWait } = before;
  const isClaimUntold = toldWait !== null && before.leaseUntilMs !== null;
  const [first, ...rest] = isClaimUntold && taken.events.length > 0 ? [claimed(before), ...taken.events] : taken.events;
  if (first === undefined) return taken;
  const repeated = toldWait === null || toldWait.times === 1 ? null : toldWait;
  const waited = repeated === null ? {} : { waited: { times: repeated.times, lastAt: isoTime(repeated.lastAtMs) } };
  const wait = waitToldBy(rest.at(-1) ?? first, taken.state);
  return {
    ...taken,
    events: [{ ...first, data: { ...first.data, ...waited } }, ...rest],
    state: { ...taken.state, toldWait: wait === null ? null : { ...wait, times: 1, lastAtMs: atMs } },
  };
}

/** What may come again as it is: a wait, a look, and a publisher that stops between two of them. */
function waitToldBy({ type, message }: TimelineEntry, { waiting, intentAtMs }: PublicationState): ToldBy | null {
  if (type === 'publication.waiting' || type === 'publication.reconciled') return waiting;
  if (type !== 'publication.lease_expired' || (intentAtMs !== null && message !== stopped.asking)) return null;
  return { reason: waiting?.reason ?? 'internal', detail: message };
}

type ToldBy = Pick<ToldWait, 'reason' | 'detail'>;

function decide(state: PublicationState, input: PublicationInput, atMs: number): Transition {
  if (isAhead(state, input)) return refused('superseded');
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

/** Its publisher has seen a part out that the database has lost since: what it says is of no part that is open now. */
function isAhead({ parts }: PublicationState, input: PublicationInput): boolean {
  return 'part' in input && input.part !== undefined && input.part.index > parts.length;
}

const claimable: ReadonlySet<PublicationState['status']> = new Set(['scheduled', 'retrying', 'waiting']);

function claim(state: PublicationState, input: Extract<PublicationInput, { type: 'claim' }>, atMs: number): Transition {
  if (!claimable.has(state.status)) return refused('ended');
  if (state.leaseUntilMs !== null) return refused('leased');
  if (state.dueAtMs === null || state.dueAtMs > atMs) return refused('not_due');
  // Asking what became of a send is never held back, and a send that began is never skipped.
  if (state.intentAtMs !== null && input.gate.kind !== 'go') return refused('intent_open');
  if (input.gate.kind === 'skip' && state.evidence !== null) return becomeUnconfirmed(state, state.evidence);
  if (input.gate.kind === 'skip' && state.committed) return becomeUnconfirmed(state, disconnectedAfter);
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
  if (input.gate.kind === 'wait') return waitUntil(state, input.gate, atMs);
  const leased = { ...state, fence: state.fence + 1, leaseUntilMs: atMs + input.leaseMs };
  if (state.intentAtMs !== null) {
    return isAnotherLook(state) ? moved(leased) : moved(leased, claimed(leased));
  }
  const sending = { ...leased, status: 'publishing', waiting: null } as const;
  return isAnotherLook(state) ? moved(sending) : moved(sending, claimed(sending));
}

const disconnectedAfter =
  'The platform had taken it when its account was disconnected, and can no longer be asked what it made of it.';

function claimed({ intentAtMs, fence }: PublicationState): TimelineEntry {
  return intentAtMs === null
    ? event('publication.claimed', 'A publisher took it up.', { purpose: 'send', fence })
    : event('publication.claimed', 'A publisher asks the platform what became of the last send.', { purpose: 'ask' });
}

/** Only a look tells whether these are over: it is told once something else came of it than the same wait. */
const endedByLooks: ReadonlySet<WaitingReason> = new Set([
  'breaker',
  'internal',
  'processing',
  'rate_limit',
  'reconciling',
  'token',
]);

function isAnotherLook({ toldWait, waiting }: PublicationState): boolean {
  return toldWait !== null && endedByLooks.has(waiting?.reason ?? toldWait.reason);
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
    const told = state.committed ? stopped.processing : stopped.before;
    return tellStopped({ ...free, status, waiting, dueAtMs: atMs }, told, atMs);
  }
  if (state.status === 'waiting') return tellStopped({ ...free, dueAtMs: atMs }, stopped.asking, atMs);
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

const stopped = {
  before: 'Its publisher stopped before anything was sent; another one takes over.',
  processing: 'Its publisher stopped when the platform had taken it; another one goes on.',
  asking: 'Its publisher stopped while asking the platform; another one asks.',
} as const;

/** One publisher after the other may stop at the same place. */
function tellStopped(next: PublicationState, detail: string, atMs: number): Moved {
  if (isTold(next, { reason: next.waiting?.reason ?? 'internal', detail })) return moved(countAgain(next, atMs));
  return moved(next, event('publication.lease_expired', detail));
}

function resume(state: PublicationState, reasons: readonly string[], atMs: number): Transition {
  if (state.status !== 'waiting' || state.waiting === null || state.leaseUntilMs !== null)
    return refused('not_waiting');
  const blockedReconcile =
    state.waiting.reason === 'reconciling' && state.dueAtMs === null && reasons.includes('token');
  if (!reasons.includes(state.waiting.reason) && !blockedReconcile) return refused('not_waiting');
  return moved({ ...state, dueAtMs: atMs });
}

function event(type: EventType, message: string, data: Record<string, unknown> = {}): TimelineEntry {
  return { type, message, data };
}
