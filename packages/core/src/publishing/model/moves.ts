import { transition } from '../state/reducer.ts';
import type { PublicationState } from '../state/publication-state.ts';
import { type Ablation, lastTick, listingLagTicks, type ModelState, msPerTick, requestTicks } from './model-state.ts';
import { claimOf, isRowLocked, quiet, withWorker, workerMoves } from './worker-moves.ts';

/** Every state that can follow this one: time passes, or exactly one actor does one thing. */
export function nextStates(state: ModelState, ablation: Ablation | null): ModelState[] {
  const next: ModelState[] = [];
  if (state.tick < lastTick && !mustArrive(state)) next.push({ ...state, tick: state.tick + 1 });
  for (const index of [0, 1] as const) next.push(...workerMoves(state, index, ablation));
  next.push(...networkMoves(state), ...pauseMoves(state, ablation));
  if (isRowLocked(state)) return next;
  next.push(...userMoves(state), ...mend(state, ablation));
  if (ablation !== 'no_sweeper') next.push(...sweep(state, ablation), ...resume(state));
  return next;
}

/** The network delivers or drops within its bound: time does not pass over a request that is due. */
function mustArrive(state: ModelState): boolean {
  return state.inFlight.some((request) => state.tick - request.sentAtTick >= requestTicks);
}

function networkMoves(state: ModelState): ModelState[] {
  return state.inFlight.flatMap((request, position) => {
    const inFlight = state.inFlight.filter((_, other) => other !== position);
    const accepted = {
      ...state,
      inFlight,
      visible: [...state.visible, { part: request.part, fromTick: state.tick + listingLagTicks }],
      oldTextAppeared: state.oldTextAppeared || request.fence <= (state.mendedAtFence ?? -1),
    };
    const next: ModelState[] = [answer(accepted, request.worker, 'accepted')];
    if (state.refusalsLeft > 0)
      next.push(answer({ ...state, inFlight, refusalsLeft: state.refusalsLeft - 1 }, request.worker, 'refused'));
    if (state.lossesLeft > 0) {
      const lossy = { lossesLeft: state.lossesLeft - 1 };
      next.push({ ...state, ...lossy, inFlight }, { ...accepted, ...lossy });
    }
    return next;
  });
}

function answer(state: ModelState, index: 0 | 1 | null, saw: 'accepted' | 'refused'): ModelState {
  if (index === null) return state;
  const worker = state.workers[index];
  return worker.doing === 'awaiting_reply'
    ? withWorker(state, index, { ...claimOf(worker), doing: 'reporting', saw })
    : state;
}

function userMoves(state: ModelState): ModelState[] {
  if (state.cancelPromised) return [];
  const taken = transition(state.publication, { type: 'cancel' }, state.tick * msPerTick);
  return taken.kind === 'refused' ? [] : [{ ...state, publication: taken.state, cancelPromised: true }];
}

/** Once, in one move: its content is edited, and it is tried again. From then on its new text is promised. */
function mend(state: ModelState, ablation: Ablation | null): ModelState[] {
  if (state.mendedAtFence !== null) return [];
  const atMs = state.tick * msPerTick;
  const { publication } = state;
  const isForced = ablation === 'doubt_is_mended' && publication.waiting?.reason === 'reconciling';
  const failed: PublicationState = isForced
    ? { ...publication, status: 'failed', leaseUntilMs: null, intentAtMs: null, inDoubtSinceMs: null }
    : publication;
  if (failed.status !== 'failed') return [];
  const edited = transition(failed, { type: 'edit' }, atMs);
  if (edited.kind === 'refused') return [];
  const retried = transition(edited.state, { type: 'retry' }, atMs);
  return retried.kind === 'refused' ? [] : [{ ...state, publication: retried.state, mendedAtFence: publication.fence }];
}

/** Making a pause waits until no intent is being written; then it is promised. */
function pauseMoves(state: ModelState, ablation: Ablation | null): ModelState[] {
  if (state.pause === 'in_force') return [{ ...state, pause: 'lifted' }];
  if (state.pause === 'lifted') return [];
  return isRowLocked(state) && ablation !== 'no_pause_lock' ? [] : [{ ...state, pause: 'in_force' }];
}

function resume(state: ModelState): ModelState[] {
  if (state.pause === 'in_force' || state.publication.dueAtMs !== null) return [];
  const taken = transition(state.publication, { type: 'resume', reasons: ['paused'] }, state.tick * msPerTick);
  return taken.kind === 'refused' ? [] : [{ ...state, publication: taken.state }];
}

function sweep(state: ModelState, ablation: Ablation | null): ModelState[] {
  const taken = transition(
    state.publication,
    { type: 'lease_expired', policy: quiet(ablation) },
    state.tick * msPerTick,
  );
  return taken.kind === 'refused' ? [] : [{ ...state, publication: taken.state }];
}
