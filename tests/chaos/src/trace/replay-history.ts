import { newPublication, type PublicationState } from '@vibetribe/core/publishing/state/publication-state';
import { transition } from '@vibetribe/core/publishing/state/reducer';
import type { TimelineEntry } from '@vibetribe/core/publishing/state/transition';
import { inputsBehind, type RunSettings, timeIn, untold, untoldFault } from './inputs-behind.ts';
import type { StoredAttempt, StoredEvent, StoredHistory } from './stored-history.ts';

/** One way in which the state machine may have come to where the timeline is. */
interface Walk {
  readonly state: PublicationState;
  readonly sends: readonly Omit<StoredAttempt, 'startedAtMs'>[];
}

/**
 * Whether a stored history is a run of the state machine: some inputs, one after the other, must give every entry of the timeline with what
 * it says, and end at the row, its attempts and its steps. The inputs are not stored, so all that an entry allows are tried.
 * @returns null where it is, else what does not fit
 */
export function replayHistory(history: StoredHistory, settings: RunSettings): string | null {
  const { events } = history;
  const reached: Walk[][] = Array.from({ length: events.length + 1 }, () => []);
  reached[0] = [{ state: newPublication, sends: [] }];
  for (const [index, event] of events.entries()) {
    for (const walk of distinct(reached[index] ?? [])) {
      for (const { walk: next, told } of stepsFrom(walk, event, index, history, settings))
        reached[index + told]?.push(next);
    }
    const isOpen = reached.slice(index + 1).some((walks) => walks.length > 0);
    if (!isOpen)
      return `nothing leads to entry ${index + 1}: ${event.type}, "${event.message}", ${JSON.stringify(event.data)}`;
  }
  const ends = distinct(reached[events.length] ?? []);
  const faults = ends.flatMap((walk) => withLastLooks(walk, history)).map((walk) => endFaults(walk, history));
  const best = faults.toSorted((one, other) => one.length - other.length)[0];
  if (best === undefined) return 'its timeline ends in the middle of something';
  return best.length === 0 ? null : `its timeline does not end at its row: ${best.join(', ')}`;
}

function stepsFrom(
  walk: Walk,
  event: StoredEvent,
  index: number,
  history: StoredHistory,
  settings: RunSettings,
): { walk: Walk; told: number }[] {
  const following = history.events[index + 1];
  const context = { history, settings };
  const openly = withResume(walk.state, event.atMs)
    .flatMap((state) => withLooks(state, event))
    .flatMap((state) => inputsBehind(state, event, following, context).map((timed) => ({ state, ...timed })));
  const afterLook = lookedAt(walk.state, event).flatMap((state) =>
    following === undefined
      ? []
      : inputsBehind(state, following, history.events[index + 2], context).map((timed) => ({ state, ...timed })),
  );
  return [...openly, ...afterLook].flatMap(({ state, input, atMs }) => {
    const taken = transition(state, input, atMs);
    if (taken.kind === 'refused' || taken.events.length === 0) return [];
    const stored = history.events.slice(index, index + taken.events.length);
    const fits = taken.events.every((entry, position) => isSame(entry, stored[position], taken.state));
    if (!fits) return [];
    return [
      {
        walk: { state: withToldTime(taken.state, stored), sends: sendsAfter(walk, taken.state) },
        told: stored.length,
      },
    ];
  });
}

/** A wait that came again is an entry only once: what is told next says how often, and each time may have been a claim. */
function withLooks(state: PublicationState, { data }: StoredEvent): PublicationState[] {
  const waited = data['waited'] as { times: number; lastAt: string } | undefined;
  if (waited === undefined || state.toldWait === null) return [state];
  const repeats = waited.times - 1;
  const isAsking = state.intentAtMs !== null;
  // Looks that did not see it are counted apart; one that a stopped publisher did not end is no look.
  const sawNothing = state.toldWait.detail.startsWith('Not seen on the platform yet');
  const hasLooked = isAsking && !state.toldWait.detail.startsWith('Its publisher stopped');
  const looked = Array.from({ length: repeats + 1 }, (_, claims) => ({
    ...state,
    fence: state.fence + claims,
    absentReads: state.absentReads + (hasLooked && sawNothing ? repeats : 0),
    reconcileTries: state.reconcileTries + (hasLooked && !sawNothing ? repeats : 0),
    toldWait:
      state.toldWait === null ? null : { ...state.toldWait, times: waited.times, lastAtMs: Date.parse(waited.lastAt) },
  }));
  return [...looked, ...looked.filter(({ fence }) => fence > state.fence).flatMap(withRetriesGivenBack)];
}

/** A claim that finds the platform down gives back the retries that were used before. */
function withRetriesGivenBack(state: PublicationState): PublicationState[] {
  if (state.toldWait?.reason !== 'breaker' || state.intentAtMs !== null) return [];
  return [{ ...state, retriesUsed: 0, error: { ...untoldFault, retryable: true, manual: null } }];
}

/** The looks since the last entry are told by nothing but the row. */
function withLastLooks(walk: Walk, { row, events }: StoredHistory): Walk[] {
  const { toldWait } = row;
  const last = events.at(-1);
  if (toldWait === null || walk.state.toldWait === null || last === undefined) return [walk];
  const waited = { times: toldWait.times, lastAt: new Date(toldWait.lastAtMs).toISOString() };
  const looks = withLooks(walk.state, { ...last, data: { waited } });
  return looks.flatMap((state) => [state, ...claimedSilently(state, last.atMs)]).map((state) => ({ ...walk, state }));
}

/** A claim that looked at a wait is told with what came of it. */
function lookedAt(state: PublicationState, event: StoredEvent): PublicationState[] {
  if (event.type !== 'publication.claimed' || state.toldWait === null) return [];
  const fence = event.data['fence'] ?? null;
  return withLooks(state, event)
    .flatMap((before) => claimedSilently(before, event.atMs))
    .filter((claimed) => fence === null || fence === claimed.fence);
}

function claimedSilently(state: PublicationState, atMs: number): PublicationState[] {
  const due = { ...state, dueAtMs: Math.min(state.dueAtMs ?? atMs, atMs) };
  const taken = transition(due, { type: 'claim', leaseMs: leaseTakenMs, gate: { kind: 'go' } }, atMs);
  return taken.kind === 'moved' && taken.events.length === 0 ? [taken.state] : [];
}

/** As `inputs-behind.ts` has it: the lease itself is not told. */
const leaseTakenMs = 5_000;

/** What ends a wait leaves no entry. */
function withResume(state: PublicationState, atMs: number): PublicationState[] {
  const resumed = transition(state, { type: 'resume', reasons: ['token', 'paused', 'rate_limit'] }, atMs);
  return resumed.kind === 'moved' ? [state, resumed.state] : [state];
}

/** Times are the database's own, and what is told of the draw between them. */
const untoldData = new Set(['lateByMs', 'until', 'nextAttemptAt', 'asksAt', 'scheduledAt', 'reason']);
const isoTimes = /\d{4}-\d\d-\d\dT[\d:.]+Z/gu;
/** Worded by whoever asked for it, or with what only the moment knew. */
const freelyWorded = new Set(['publication.canceled', 'publication.unconfirmed']);

function isSame(entry: TimelineEntry, stored: StoredEvent | undefined, state: PublicationState): boolean {
  if (stored === undefined || stored.type !== entry.type || stored.data['status'] !== state.status) return false;
  if (entry.type === 'publication.waiting' && entry.data['reason'] !== stored.data['reason']) return false;
  const names = new Set([...Object.keys(entry.data), ...Object.keys(stored.data)]);
  for (const name of names) {
    if (name === 'status' || untoldData.has(name)) continue;
    if (JSON.stringify(entry.data[name] ?? null) !== JSON.stringify(stored.data[name] ?? null)) return false;
  }
  return freelyWorded.has(entry.type) || timeless(entry.message) === timeless(stored.message);
}

function timeless(message: string): string {
  return message.replace(isoTimes, 'T');
}

/** When it is looked at next was drawn, or told by the platform, or counted from an earlier moment: the timeline says it. */
function withToldTime(state: PublicationState, stored: readonly StoredEvent[]): PublicationState {
  const last = stored.at(-1);
  if (state.dueAtMs === null || last === undefined) return state;
  const inData = timeIn(last.data['until'] ?? last.data['nextAttemptAt'] ?? last.data['asksAt']);
  const inWords = timeIn(/ at (\d{4}-\d\d-\d\dT[\d:.]+Z)(?: before it counts as absent)?\.$/u.exec(last.message)?.[1]);
  const isLookedAtOnce = last.type === 'publication.lease_expired' || last.type === 'publication.reconciled';
  return { ...state, dueAtMs: inData ?? inWords ?? (isLookedAtOnce ? last.atMs : state.dueAtMs) };
}

function sendsAfter({ state, sends }: Walk, after: PublicationState): Walk['sends'] {
  if (after.attempts > state.attempts) return [...sends, { number: after.attempts, fence: after.fence, outcome: null }];
  if (after.attempts < state.attempts) return sends.slice(0, -1);
  const last = sends.at(-1);
  if (last === undefined || last.outcome !== null || after.intentAtMs !== null) return sends;
  const outcome = after.parts.length > state.parts.length ? 'published' : after.status;
  return [...sends.slice(0, -1), { ...last, outcome }];
}

function endFaults({ state, sends }: Walk, { row, attempts, steps }: StoredHistory): string[] {
  const expected: Record<string, unknown> = {
    status: state.status,
    attempts: state.attempts,
    retriesUsed: state.retriesUsed,
    fence: state.fence,
    committed: state.committed,
    absentReads: state.absentReads,
    reconcileTries: state.reconcileTries,
    waitingReason: state.waiting?.reason ?? null,
    platformPostId: state.platformPostId,
    url: state.url,
    parts: namesOf(state.parts),
    hasLease: state.leaseUntilMs !== null,
    hasIntent: state.intentAtMs !== null,
    hasEvidence: state.evidence !== null,
    isInDoubt: state.inDoubtSinceMs !== null,
    ...(state.error?.code === untold ? {} : { errorCode: state.error?.code ?? null }),
  };
  const stored: Record<string, unknown> = { ...row, parts: namesOf(row.parts) };
  const faults = Object.entries(expected).flatMap(([name, value]) =>
    value === stored[name] ? [] : [`${name} is ${String(stored[name])} and must be ${String(value)}`],
  );
  const told = attempts.map(({ number, fence, outcome }) => ({ number, fence, outcome }));
  if (JSON.stringify(told) !== JSON.stringify(sends))
    faults.push(`its attempts are ${JSON.stringify(told)} and must be ${JSON.stringify(sends)}`);
  const once = steps.filter(({ effect }) => effect === 'once');
  if (sends.length > 0 && !once.some(({ keyed }) => keyed)) faults.push('a send has no key on disk');
  if (once.some(({ done }) => done) && !state.committed && state.parts.length === 0)
    faults.push('a visible step has a result, and nothing says so');
  return faults;
}

function namesOf(parts: readonly { readonly platformPostId: string | null }[]): string {
  return parts.map(({ platformPostId }) => platformPostId).join(' ');
}

function distinct(walks: readonly Walk[]): Walk[] {
  return [...new Map(walks.map((walk) => [JSON.stringify(walk), walk])).values()];
}
