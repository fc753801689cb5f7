import type { EventType } from '@vibetribe/contracts/event-type';
import type { WaitingReason } from '@vibetribe/contracts/publication-status';
import { isoTime } from './iso-time.ts';
import type { PublicationState } from './publication-state.ts';
import { endSentence } from './end-sentence.ts';

export type Transition = Moved | Refused;

export interface Moved {
  readonly kind: 'moved';
  readonly state: PublicationState;
  /** What goes on the timeline, in order. */
  readonly events: readonly TimelineEntry[];
  readonly notifications: readonly NotificationEntry[];
}

export interface Refused {
  readonly kind: 'refused';
  readonly reason: RefusalReason;
}

/** `superseded`, `lease_over`: a publisher that lost its claim. `under_way`: too late to stop or edit. `in_doubt`: an earlier send may have arrived. The rest name themselves. */
export type RefusalReason =
  | 'ended'
  | 'leased'
  | 'not_due'
  | 'superseded'
  | 'lease_over'
  | 'intent_open'
  | 'no_intent'
  | 'not_expired'
  | 'not_waiting'
  | 'under_way'
  | 'in_doubt'
  | 'not_failed'
  | 'not_unconfirmed'
  | 'not_asking'
  | 'not_scheduled';

export interface TimelineEntry {
  readonly type: EventType;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface NotificationEntry {
  readonly kind:
    | 'publication_failed'
    | 'publication_unconfirmed'
    | 'publication_asks'
    | 'publication_skipped'
    | 'account_needs_reauth';
  readonly title: string;
  readonly body: string;
}

export function moved(state: PublicationState, ...entries: TimelineEntry[]): Moved {
  return { kind: 'moved', state, events: entries, notifications: [] };
}

export function refused(reason: RefusalReason): Refused {
  return { kind: 'refused', reason };
}

/** Waiting uses no attempt. The timeline tells the reason and the time; where its last line says the same already, that line is counted up. */
export function waitUntil(
  state: PublicationState,
  { reason, untilMs, ...wait }: { reason: WaitingReason; untilMs: number | null; detail: string },
  atMs: number,
): Moved {
  const detail = endSentence(wait.detail);
  const next: PublicationState = {
    ...state,
    status: 'waiting',
    leaseUntilMs: null,
    dueAtMs: untilMs,
    waiting: { reason, detail },
  };
  if (isTold(state, { reason, detail })) return moved(countAgain(next, atMs));
  const until = untilMs === null ? '' : ` Looks again at ${isoTime(untilMs)}.`;
  const told = moved(next, {
    type: 'publication.waiting',
    message: `${detail}${until}`,
    data: { reason, until: untilMs === null ? null : isoTime(untilMs) },
  });
  if (reason !== 'decision') return told;
  return {
    ...told,
    notifications: [{ kind: 'publication_asks', title: 'A post needs your decision', body: detail }],
  };
}

/** The last entry of its timeline says so already. */
export function isTold({ toldWait }: PublicationState, wait: { reason: WaitingReason; detail: string }): boolean {
  return toldWait !== null && toldWait.reason === wait.reason && toldWait.detail === wait.detail;
}

export function countAgain(state: PublicationState, atMs: number): PublicationState {
  const { toldWait } = state;
  return toldWait === null ? state : { ...state, toldWait: { ...toldWait, times: toldWait.times + 1, lastAtMs: atMs } };
}
