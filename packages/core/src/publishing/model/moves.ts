import { transition } from '../state/reducer.ts';
import type { Finding, Outcome, PublicationInput } from '../state/publication-input.ts';
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
  sendBudgetTicks,
  type Worker,
  type World,
} from './model-state.ts';

const policy = { retryDelaysMs: [msPerTick], jitter: 0, outage: false, manual: null };
const idle: Worker = { doing: 'nothing' };

/** Every world that can follow this one: time passes, or exactly one actor does one thing. */
export function nextWorlds(world: World, ablation: Ablation | null): World[] {
  const next: World[] = [];
  if (world.tick < lastTick && !mustArrive(world)) next.push({ ...world, tick: world.tick + 1 });
  for (const index of [0, 1] as const) next.push(...workerMoves(world, index, ablation));
  next.push(...networkMoves(world), ...userMoves(world));
  if (ablation !== 'no_sweeper') next.push(...sweep(world, ablation));
  return next;
}

/** The network delivers or drops within its bound: time does not pass over a request that is due. */
function mustArrive(world: World): boolean {
  return world.inFlight.some((request) => world.tick - request.sentAtTick >= requestTicks);
}

function workerMoves(world: World, index: 0 | 1, ablation: Ablation | null): World[] {
  const worker = world.workers[index];
  const next: World[] = [];
  if (worker.doing !== 'nothing' && world.crashesLeft > 0) {
    const inFlight = world.inFlight.map((request) =>
      request.worker === index ? { ...request, worker: null } : request,
    );
    next.push({ ...withWorker(world, index, idle), inFlight, crashesLeft: world.crashesLeft - 1 });
  }
  switch (worker.doing) {
    case 'nothing':
      next.push(...claim(world, index, ablation));
      break;
    case 'preparing':
      next.push(...intend(world, index, worker.fence, ablation));
      break;
    case 'about_to_send':
      next.push(send(world, index, worker, ablation));
      break;
    case 'awaiting_reply':
      // Its own time-out: nothing is known.
      if (world.tick - worker.sentAtTick >= requestTicks)
        next.push(withWorker(world, index, { doing: 'reporting', fence: worker.fence, saw: 'silence' }));
      break;
    case 'reporting':
      next.push(
        report(world, index, {
          type: 'outcome',
          fence: reportedFence(world, worker, ablation),
          outcome: outcomeOf(worker.saw, ablation),
          policy,
        }),
      );
      break;
    case 'asking':
      next.push(...ask(world, index, worker.fence));
      break;
    case 'reporting_finding':
      next.push(
        report(world, index, {
          type: 'finding',
          fence: worker.fence,
          finding: findingOf(worker.saw),
          policy: { ...policy, ...quiet(ablation) },
        }),
      );
      break;
  }
  return next;
}

function claim(world: World, index: 0 | 1, ablation: Ablation | null): World[] {
  const clockTick = ablation === 'client_clock_in_claim' ? world.tick + clockSkewTicks : world.tick;
  const taken = transition(
    world.publication,
    { type: 'claim', leaseMs: leaseTicks * msPerTick, gate: { kind: 'go' } },
    clockTick * msPerTick,
  );
  if (taken.kind === 'refused') return [];
  const { fence, intentAtMs } = taken.state;
  const doing: Worker = intentAtMs === null ? { doing: 'preparing', fence } : { doing: 'asking', fence };
  return [{ ...withWorker(world, index, doing), publication: taken.state }];
}

function intend(world: World, index: 0 | 1, fence: number, ablation: Ablation | null): World[] {
  const ready: Worker = { doing: 'about_to_send', fence, sendBeforeTick: world.tick + sendBudgetTicks };
  if (ablation === 'no_intent_before_send') return [withWorker(world, index, ready)];
  const taken = transition(
    world.publication,
    { type: 'intend', fence, leaseMs: leaseTicks * msPerTick },
    world.tick * msPerTick,
  );
  if (taken.kind === 'refused') return [withWorker(world, index, idle)];
  return [{ ...withWorker(world, index, ready), publication: taken.state }];
}

function send(
  world: World,
  index: 0 | 1,
  worker: Extract<Worker, { doing: 'about_to_send' }>,
  ablation: Ablation | null,
): World {
  if (world.tick > worker.sendBeforeTick && ablation !== 'no_late_fence') {
    return withWorker(world, index, { doing: 'reporting', fence: worker.fence, saw: 'unsent' });
  }
  return {
    ...withWorker(world, index, { doing: 'awaiting_reply', fence: worker.fence, sentAtTick: world.tick }),
    inFlight: [...world.inFlight, { sentAtTick: world.tick, worker: index }],
    early: world.early || world.tick < dueTick,
  };
}

function ask(world: World, index: 0 | 1, fence: number): World[] {
  const listed = world.visibleFromTick.some((tick) => tick <= world.tick);
  return [withWorker(world, index, { doing: 'reporting_finding', fence, saw: listed ? 'found' : 'not_seen' })];
}

function report(world: World, index: 0 | 1, input: PublicationInput): World {
  const taken = transition(world.publication, input, world.tick * msPerTick);
  const done = withWorker(world, index, idle);
  return taken.kind === 'refused' ? done : { ...done, publication: taken.state };
}

function reportedFence(world: World, worker: { fence: number }, ablation: Ablation | null): number {
  return ablation === 'no_fence_in_outcome' ? world.publication.fence : worker.fence;
}

function networkMoves(world: World): World[] {
  return world.inFlight.flatMap((request, position) => {
    const inFlight = world.inFlight.filter((_, other) => other !== position);
    const accepted = { ...world, inFlight, visibleFromTick: [...world.visibleFromTick, world.tick + listingLagTicks] };
    const next: World[] = [answer(accepted, request.worker, 'accepted')];
    if (world.lossesLeft > 0) {
      const lossy = { lossesLeft: world.lossesLeft - 1 };
      next.push({ ...world, ...lossy, inFlight }, { ...accepted, ...lossy });
    }
    return next;
  });
}

function answer(world: World, index: 0 | 1 | null, saw: 'accepted'): World {
  if (index === null) return world;
  const worker = world.workers[index];
  return worker.doing === 'awaiting_reply'
    ? withWorker(world, index, { doing: 'reporting', fence: worker.fence, saw })
    : world;
}

function userMoves(world: World): World[] {
  if (world.cancelPromised) return [];
  const taken = transition(world.publication, { type: 'cancel' }, world.tick * msPerTick);
  return taken.kind === 'refused' ? [] : [{ ...world, publication: taken.state, cancelPromised: true }];
}

function sweep(world: World, ablation: Ablation | null): World[] {
  const taken = transition(
    world.publication,
    { type: 'lease_expired', policy: quiet(ablation) },
    world.tick * msPerTick,
  );
  return taken.kind === 'refused' ? [] : [{ ...world, publication: taken.state }];
}

function quiet(ablation: Ablation | null) {
  const ticks = ablation === 'no_quiet_period' ? 0 : quietTicks;
  return { quietMs: ticks * msPerTick, absentReadsRequired: 1, absentSpacingMs: 0 };
}

function outcomeOf(saw: 'accepted' | 'silence' | 'unsent', ablation: Ablation | null): Outcome {
  const fault = { category: 'network', code: 'silence', message: 'No answer came.' } as const;
  if (saw === 'accepted') return { kind: 'published', platformPostId: 'p', url: null };
  if (saw === 'unsent' || ablation === 'silence_is_retried') return { kind: 'retry', fault, retryAfterMs: null };
  return { kind: 'unknown', fault, quietMs: quiet(ablation).quietMs };
}

function findingOf(saw: 'found' | 'not_seen'): Finding {
  return saw === 'found'
    ? { kind: 'found', platformPostId: 'p', url: null, evidence: 'it is there' }
    : { kind: 'not_seen', evidence: 'it is not there' };
}

function withWorker(world: World, index: 0 | 1, worker: Worker): World {
  const [first, second] = world.workers;
  return { ...world, workers: index === 0 ? [worker, second] : [first, worker] };
}
