import { transition } from '../state/reducer.ts';
import type { Finding, Outcome, PublicationInput } from '../state/publication-input.ts';
import type { PublicationState } from '../state/publication-state.ts';
import { publisherStopped } from '../state/publisher-stopped.ts';
import {
  type Ablation,
  clockSkewTicks,
  dueTick,
  lastTick,
  leaseTicks,
  listingLagTicks,
  msPerTick,
  quietTicks,
  requestTicks,
  type Seen,
  sendBudgetTicks,
  type Worker,
  type ModelState,
} from './model-state.ts';

const policy = { retryDelaysMs: [msPerTick], jitter: 0, outage: false, manual: null };
const idle: Worker = { doing: 'nothing' };
const paused = { kind: 'wait', reason: 'paused', untilMs: null, detail: 'Stopped.' } as const;

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

/** By the transaction of an intent: nobody else changes the publication before it ends. */
function isRowLocked(state: ModelState): boolean {
  return state.workers.some(({ doing }) => doing === 'intending');
}

function workerMoves(state: ModelState, index: 0 | 1, ablation: Ablation | null): ModelState[] {
  const worker = state.workers[index];
  const next: ModelState[] = [];
  if (worker.doing !== 'nothing' && state.crashesLeft > 0) {
    const inFlight = state.inFlight.map((request) =>
      request.worker === index ? { ...request, worker: null } : request,
    );
    next.push({ ...withWorker(state, index, idle), inFlight, crashesLeft: state.crashesLeft - 1 });
  }
  const changesRow = ['nothing', 'preparing', 'reporting', 'reporting_finding'].includes(worker.doing);
  if (changesRow && isRowLocked(state)) return next;
  switch (worker.doing) {
    case 'nothing':
      next.push(...claim(state, index, ablation));
      break;
    case 'preparing':
      next.push(...lookAtPauses(state, index, worker.fence, ablation));
      break;
    case 'intending':
      next.push(...intend(state, index, worker));
      break;
    case 'about_to_send':
      next.push(send(state, index, worker, ablation));
      break;
    case 'awaiting_reply':
      // Its own time-out: nothing is known.
      if (state.tick - worker.sentAtTick >= requestTicks)
        next.push(withWorker(state, index, { doing: 'reporting', fence: worker.fence, saw: 'silence' }));
      break;
    case 'reporting':
      next.push(
        report(
          state,
          index,
          {
            type: 'outcome',
            fence: reportedFence(state, worker, ablation),
            outcome: outcomeOf(worker.saw, ablation),
            policy,
          },
          worker.saw === 'trouble' || worker.saw === 'unsent',
        ),
      );
      break;
    case 'asking':
      next.push(...ask(state, index, worker.fence));
      break;
    case 'reporting_finding':
      next.push(
        report(
          state,
          index,
          {
            type: 'finding',
            fence: worker.fence,
            finding: findingOf(worker.saw),
            policy: { ...policy, ...quiet(ablation) },
          },
          state.publication.error?.code === publisherStopped.code,
        ),
      );
      break;
  }
  return next;
}

function claim(state: ModelState, index: 0 | 1, ablation: Ablation | null): ModelState[] {
  const clockTick = ablation === 'client_clock_in_claim' ? state.tick + clockSkewTicks : state.tick;
  const isHeldBack = state.pause === 'in_force' && state.publication.intentAtMs === null;
  const taken = transition(
    state.publication,
    { type: 'claim', leaseMs: leaseTicks * msPerTick, gate: isHeldBack ? paused : { kind: 'go' } },
    clockTick * msPerTick,
  );
  if (taken.kind === 'refused') return [];
  if (isHeldBack) return [{ ...state, publication: taken.state }];
  const { fence, intentAtMs } = taken.state;
  const doing: Worker = intentAtMs === null ? { doing: 'preparing', fence } : { doing: 'asking', fence };
  return [{ ...withWorker(state, index, doing), publication: taken.state }];
}

/** The first half of an intent's transaction: under the lock that it shares, and with the row locked. */
function lookAtPauses(state: ModelState, index: 0 | 1, fence: number, ablation: Ablation | null): ModelState[] {
  if (ablation === 'no_intent_before_send') return [withWorker(state, index, readyToSend(fence, state.tick))];
  if (state.pause === 'in_force') {
    const outcome = { ...paused, retryAfterMs: null };
    return [report(state, index, { type: 'outcome', fence, outcome, policy }, false)];
  }
  if (begun(state, fence, state.tick) === null) return [withWorker(state, index, idle)];
  return [withWorker(state, index, { doing: 'intending', fence, lookedAtTick: state.tick })];
}

/** The second half: it is committed, or fails, or is committed without that its publisher hears of it. */
function intend(
  state: ModelState,
  index: 0 | 1,
  { fence, lookedAtTick }: Extract<Worker, { doing: 'intending' }>,
): ModelState[] {
  const publication = begun(state, fence, lookedAtTick);
  if (publication === null) return [];
  const committed = { ...state, publication, begunInPause: state.begunInPause || state.pause === 'in_force' };
  const next = [withWorker(committed, index, readyToSend(fence, lookedAtTick))];
  if (state.troublesLeft === 0) return next;
  const troubled: Worker = { doing: 'reporting', fence, saw: 'trouble' };
  const troublesLeft = state.troublesLeft - 1;
  return [
    ...next,
    { ...withWorker(state, index, troubled), troublesLeft },
    { ...withWorker({ ...committed, begunInPause: state.begunInPause }, index, troubled), troublesLeft },
  ];
}

function begun(state: ModelState, fence: number, atTick: number): PublicationState | null {
  const input: PublicationInput = { type: 'intend', fence, leaseMs: leaseTicks * msPerTick };
  const taken = transition(state.publication, input, atTick * msPerTick);
  return taken.kind === 'refused' ? null : taken.state;
}

function readyToSend(fence: number, sinceTick: number): Worker {
  return { doing: 'about_to_send', fence, sendBeforeTick: sinceTick + sendBudgetTicks };
}

function send(
  state: ModelState,
  index: 0 | 1,
  worker: Extract<Worker, { doing: 'about_to_send' }>,
  ablation: Ablation | null,
): ModelState {
  if (state.tick > worker.sendBeforeTick && ablation !== 'no_late_fence') {
    return withWorker(state, index, { doing: 'reporting', fence: worker.fence, saw: 'unsent' });
  }
  return {
    ...withWorker(state, index, { doing: 'awaiting_reply', fence: worker.fence, sentAtTick: state.tick }),
    inFlight: [...state.inFlight, { sentAtTick: state.tick, worker: index, fence: worker.fence }],
    early: state.early || state.tick < dueTick,
  };
}

function ask(state: ModelState, index: 0 | 1, fence: number): ModelState[] {
  const listed = state.visibleFromTick.some((tick) => tick <= state.tick);
  return [withWorker(state, index, { doing: 'reporting_finding', fence, saw: listed ? 'found' : 'not_seen' })];
}

/** @param isOurs what is reported is our own doing */
function report(state: ModelState, index: 0 | 1, input: PublicationInput, isOurs: boolean): ModelState {
  const taken = transition(state.publication, input, state.tick * msPerTick);
  const done = withWorker(state, index, idle);
  if (taken.kind === 'refused') return done;
  const usedRetry = taken.state.retriesUsed > state.publication.retriesUsed;
  return { ...done, publication: taken.state, retryUsedByUs: done.retryUsedByUs || (isOurs && usedRetry) };
}

function reportedFence(state: ModelState, worker: { fence: number }, ablation: Ablation | null): number {
  return ablation === 'no_fence_in_outcome' ? state.publication.fence : worker.fence;
}

function networkMoves(state: ModelState): ModelState[] {
  return state.inFlight.flatMap((request, position) => {
    const inFlight = state.inFlight.filter((_, other) => other !== position);
    const accepted = {
      ...state,
      inFlight,
      visibleFromTick: [...state.visibleFromTick, state.tick + listingLagTicks],
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
    ? withWorker(state, index, { doing: 'reporting', fence: worker.fence, saw })
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

function quiet(ablation: Ablation | null) {
  const ticks = ablation === 'no_quiet_period' ? 0 : quietTicks;
  return { quietMs: ticks * msPerTick, absentReadsRequired: 1, absentSpacingMs: 0 };
}

function outcomeOf(saw: Seen, ablation: Ablation | null): Outcome {
  const fault = { category: 'network', code: 'silence', message: 'No answer came.' } as const;
  if (saw === 'accepted') return { kind: 'published', platformPostId: 'p', url: null };
  if (saw === 'refused') return { kind: 'rejected', error: { ...fault, retryable: false, manual: null } };
  if ((saw === 'unsent' || saw === 'trouble') && ablation !== 'trouble_is_retried')
    return { kind: 'postponed', reason: 'internal', detail: 'Trouble.', retryAfterMs: 0, committed: false };
  if (saw !== 'silence' || ablation === 'silence_is_retried') return { kind: 'retry', fault, retryAfterMs: null };
  return { kind: 'unknown', fault, quietMs: quiet(ablation).quietMs };
}

function findingOf(saw: 'found' | 'not_seen'): Finding {
  return saw === 'found'
    ? { kind: 'found', platformPostId: 'p', url: null, evidence: 'it is there' }
    : { kind: 'not_seen', evidence: 'it is not there' };
}

function withWorker(state: ModelState, index: 0 | 1, worker: Worker): ModelState {
  const [first, second] = state.workers;
  return { ...state, workers: index === 0 ? [worker, second] : [first, worker] };
}
