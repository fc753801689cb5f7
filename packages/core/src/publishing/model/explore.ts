import { endedStatuses } from '@vibetribe/contracts/publication-status';
import { newPublication } from '../state/publication-state.ts';
import { nextStates } from './moves.ts';
import { type Ablation, dueTick, lastTick, msPerTick, type ModelState } from './model-state.ts';

export interface Exploration {
  readonly states: number;
  readonly violation: { readonly rule: string; readonly trace: readonly ModelState[] } | null;
}

export interface Faults {
  readonly crashes: number;
  /** Requests or replies that the network may lose. */
  readonly losses: number;
  /** Statements of ours that may fail. */
  readonly troubles: number;
  /** Emergency stops that the user may make. */
  readonly pauses: 0 | 1;
  /** Requests that the platform may refuse for good; the user may mend what failed so. */
  readonly refusals: number;
  readonly parts: 1 | 2;
}

/**
 * Visits every state that can be reached, breadth first, and stops at the first that breaks a rule, with the shortest way there.
 * @param sought stop for this rule only
 */
export function explore(faults: Faults, ablation: Ablation | null, sought: string | null = null): Exploration {
  const start = startState(faults);
  const seen = new Map<string, { state: ModelState; from: string | null }>([
    [keyOf(start), { state: start, from: null }],
  ]);
  let frontier = [keyOf(start)];
  while (frontier.length > 0) {
    const following: string[] = [];
    for (const key of frontier) {
      const state = seen.get(key)?.state;
      if (state === undefined) continue;
      const next = nextStates(state, ablation);
      const rule = brokenRule(state) ?? (next.length === 0 ? stuckRule(state) : null);
      if (rule !== null && (sought === null || rule === sought))
        return { states: seen.size, violation: { rule, trace: traceTo(seen, key) } };
      for (const reached of next) {
        const reachedKey = keyOf(reached);
        if (seen.has(reachedKey)) continue;
        seen.set(reachedKey, { state: reached, from: key });
        following.push(reachedKey);
      }
    }
    frontier = following;
  }
  return { states: seen.size, violation: null };
}

function startState(faults: Faults): ModelState {
  const dueAtMs = dueTick * msPerTick;
  return {
    tick: 0,
    publication: { ...newPublication, status: 'scheduled', scheduledAtMs: dueAtMs, dueAtMs },
    workers: [{ doing: 'nothing' }, { doing: 'nothing' }],
    inFlight: [],
    visible: [],
    partCount: faults.parts,
    cancelPromised: false,
    pause: faults.pauses === 0 ? 'lifted' : 'none',
    crashesLeft: faults.crashes,
    lossesLeft: faults.losses,
    troublesLeft: faults.troubles,
    refusalsLeft: faults.refusals,
    mendedAtFence: null,
    early: false,
    begunInPause: false,
    retryUsedByUs: false,
    oldTextAppeared: false,
  };
}

/** What must hold in every state. */
function brokenRule(state: ModelState): string | null {
  const { publication, visible, partCount } = state;
  const isVisible = (part: number) => visible.some((each) => each.part === part);
  const areVisible = (count: number) => Array.from({ length: count }, (_, part) => part).every(isVisible);
  if (new Set(visible.map(({ part }) => part)).size < visible.length) return 'published twice';
  if (isVisible(1) && !isVisible(0)) return 'a part appears before the one that it answers';
  if (state.early) return 'sent before its time';
  if (state.cancelPromised && (visible.length > 0 || state.inFlight.length > 0))
    return 'appears after a promised cancel';
  if (state.begunInPause) return 'begun although a pause was promised';
  if (state.retryUsedByUs) return 'a retry was used up by our own trouble';
  if (state.oldTextAppeared) return 'the old text appears after it was mended';
  const calledOut = publication.status === 'published' ? partCount : publication.parts.length;
  if (!areVisible(calledOut)) return 'called published without being there';
  if (publication.status === 'failed' && visible.length > publication.parts.length)
    return 'called failed although it is there';
  return null;
}

/** When time is over and nobody can do anything more, the publication must have come to an end or know its next look. */
function stuckRule(state: ModelState): string | null {
  const { status, dueAtMs, leaseUntilMs } = state.publication;
  if (status === 'unconfirmed' || endedStatuses.some((ended) => ended === status)) return null;
  if (leaseUntilMs !== null && leaseUntilMs <= lastTick * msPerTick) return 'its claim is held for ever by nobody';
  return dueAtMs === null && leaseUntilMs === null ? 'nobody will ever look at it again' : null;
}

/** Workers are alike: a state and its mirror image are one. */
function keyOf(state: ModelState): string {
  const { workers, publication, ...rest } = state;
  const {
    waiting,
    toldWait,
    error,
    url,
    platformPostId,
    publishedAtMs,
    firstFailedAtMs,
    scheduledAtMs,
    parts,
    ...deciding
  } = publication;
  const names = workers.map((worker) => JSON.stringify(worker));
  const swapped = (names[0] ?? '') > (names[1] ?? '');
  const inFlight = rest.inFlight.map(({ sentAtTick, worker, fence, part }) => [
    sentAtTick,
    part,
    rest.mendedAtFence !== null && fence <= rest.mendedAtFence,
    worker === null ? null : swapped ? 1 - worker : worker,
  ]);
  return JSON.stringify([
    Object.values(deciding),
    names.sort(),
    rest.tick,
    inFlight,
    parts.length,
    rest.visible,
    rest.cancelPromised,
    rest.crashesLeft,
    rest.lossesLeft,
    rest.pause,
    rest.troublesLeft,
    rest.refusalsLeft,
    rest.mendedAtFence,
    rest.oldTextAppeared,
    rest.early,
    rest.begunInPause,
    rest.retryUsedByUs,
    error?.code ?? null,
    waiting?.reason ?? null,
  ]);
}

function traceTo(seen: ReadonlyMap<string, { state: ModelState; from: string | null }>, key: string): ModelState[] {
  const trace: ModelState[] = [];
  for (let at: string | null = key; at !== null; at = seen.get(at)?.from ?? null) {
    const state = seen.get(at)?.state;
    if (state !== undefined) trace.unshift(state);
  }
  return trace;
}
