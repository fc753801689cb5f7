import { transition } from '../state/reducer.ts';
import type { Finding, Outcome, PartPosition, PublicationInput } from '../state/publication-input.ts';
import type { PublicationState } from '../state/publication-state.ts';
import { publisherStopped } from '../state/publisher-stopped.ts';
import {
  type Ablation,
  type Claim,
  clockSkewTicks,
  dueTick,
  leaseTicks,
  type ModelState,
  msPerTick,
  quietTicks,
  requestTicks,
  type Seen,
  sendBudgetTicks,
  type Worker,
} from './model-state.ts';

const policy = { retryDelaysMs: [msPerTick], jitter: 0, outage: false, manual: null };
const idle: Worker = { doing: 'nothing' };
const paused = { kind: 'wait', reason: 'paused', untilMs: null, detail: 'Stopped.' } as const;

/** What one publisher can do next. */
export function workerMoves(state: ModelState, index: 0 | 1, ablation: Ablation | null): ModelState[] {
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
      next.push(...lookAtPauses(state, index, worker, ablation));
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
        next.push(withWorker(state, index, { ...claimOf(worker), doing: 'reporting', saw: 'silence' }));
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
            ...positionOf(state, worker, ablation),
          },
          worker.saw === 'trouble' || worker.saw === 'unsent',
        ),
      );
      break;
    case 'asking':
      next.push(...ask(state, index, worker));
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
            ...positionOf(state, worker, ablation),
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
  const { fence, intentAtMs, parts } = taken.state;
  const doing = intentAtMs === null ? 'preparing' : 'asking';
  return [{ ...withWorker(state, index, { doing, fence, part: parts.length }), publication: taken.state }];
}

/** The first half of an intent's transaction: under the lock that it shares, and with the row locked. */
function lookAtPauses(
  state: ModelState,
  index: 0 | 1,
  { fence, part }: Claim,
  ablation: Ablation | null,
): ModelState[] {
  if (ablation === 'no_intent_before_send') return [withWorker(state, index, readyToSend({ fence, part }, state.tick))];
  if (state.pause === 'in_force') {
    const outcome = { ...paused, retryAfterMs: null };
    return [report(state, index, { type: 'outcome', fence, outcome, policy }, false)];
  }
  if (begun(state, fence, state.tick) === null) return [withWorker(state, index, idle)];
  return [withWorker(state, index, { doing: 'intending', fence, part, lookedAtTick: state.tick })];
}

/** The second half: it is committed, or fails, or is committed without that its publisher hears of it. */
function intend(
  state: ModelState,
  index: 0 | 1,
  { fence, part, lookedAtTick }: Extract<Worker, { doing: 'intending' }>,
): ModelState[] {
  const publication = begun(state, fence, lookedAtTick);
  if (publication === null) return [];
  const committed = { ...state, publication, begunInPause: state.begunInPause || state.pause === 'in_force' };
  const next = [withWorker(committed, index, readyToSend({ fence, part }, lookedAtTick))];
  if (state.troublesLeft === 0) return next;
  const troubled: Worker = { doing: 'reporting', fence, part, saw: 'trouble' };
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

function readyToSend(claimed: Claim, sinceTick: number): Worker {
  return { ...claimed, doing: 'about_to_send', sendBeforeTick: sinceTick + sendBudgetTicks };
}

function send(
  state: ModelState,
  index: 0 | 1,
  worker: Extract<Worker, { doing: 'about_to_send' }>,
  ablation: Ablation | null,
): ModelState {
  if (state.tick > worker.sendBeforeTick && ablation !== 'no_late_fence') {
    return withWorker(state, index, { ...claimOf(worker), doing: 'reporting', saw: 'unsent' });
  }
  return {
    ...withWorker(state, index, { ...claimOf(worker), doing: 'awaiting_reply', sentAtTick: state.tick }),
    inFlight: [...state.inFlight, { ...claimOf(worker), sentAtTick: state.tick, worker: index }],
    early: state.early || state.tick < dueTick,
  };
}

function ask(state: ModelState, index: 0 | 1, worker: Claim): ModelState[] {
  const isListed = state.visible.some(({ part, fromTick }) => part === worker.part && fromTick <= state.tick);
  const saw = isListed ? 'found' : 'not_seen';
  return [withWorker(state, index, { ...claimOf(worker), doing: 'reporting_finding', saw })];
}

/** @param isOurs what is reported is our own doing */
function report(state: ModelState, index: 0 | 1, input: PublicationInput, isOurs: boolean): ModelState {
  const taken = transition(state.publication, input, state.tick * msPerTick);
  const done = withWorker(state, index, idle);
  if (taken.kind === 'refused') return done;
  const usedRetry = taken.state.retriesUsed > state.publication.retriesUsed;
  const next = input.type === 'outcome' ? nextPart(state, taken.state, input.fence) : null;
  return {
    ...(next === null ? done : withWorker(state, index, next)),
    publication: taken.state,
    retryUsedByUs: state.retryUsedByUs || (isOurs && usedRetry),
  };
}

/** The same claim goes on with what follows the part that it has told of. */
function nextPart(
  { partCount }: ModelState,
  { parts, fence, leaseUntilMs }: PublicationState,
  own: number,
): Worker | null {
  const isOver = leaseUntilMs === null || fence !== own || parts.length >= partCount;
  return isOver ? null : { doing: 'preparing', fence, part: parts.length };
}

function positionOf(
  { partCount, publication }: ModelState,
  { part }: Claim,
  ablation: Ablation | null,
): { part?: PartPosition } {
  if (partCount === 1) return {};
  const index = ablation === 'part_untold' ? publication.parts.length : part;
  return { part: { index, isLast: index === partCount - 1, leaseMs: leaseTicks * msPerTick } };
}

export function claimOf({ fence, part }: Claim): Claim {
  return { fence, part };
}

function reportedFence(state: ModelState, worker: { fence: number }, ablation: Ablation | null): number {
  return ablation === 'no_fence_in_outcome' ? state.publication.fence : worker.fence;
}

/** By the transaction of an intent: nobody else changes the publication before it ends. */
export function isRowLocked(state: ModelState): boolean {
  return state.workers.some(({ doing }) => doing === 'intending');
}

export function quiet(ablation: Ablation | null) {
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

export function withWorker(state: ModelState, index: 0 | 1, worker: Worker): ModelState {
  const [first, second] = state.workers;
  return { ...state, workers: index === 0 ? [worker, second] : [first, worker] };
}
