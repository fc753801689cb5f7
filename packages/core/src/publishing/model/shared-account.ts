import type { PublicationInput } from '../state/publication-input.ts';
import { newPublication, type PublicationState } from '../state/publication-state.ts';
import { transition } from '../state/reducer.ts';
import { leaseTicks, listingLagTicks, msPerTick, quietTicks, requestTicks } from './model-state.ts';

/**
 * Two organizations have connected the same account, and each has a post of the same text that is due at the same moment. The platform
 * lists texts: which post is whose cannot be seen. Each publication has a publisher of its own.
 */
interface SharedState {
  readonly tick: number;
  readonly sides: readonly [Side, Side];
  /** When each accepted post shows in the list, in the order of their acceptance. */
  readonly listedFromTick: readonly number[];
  readonly inFlight: readonly { readonly side: 0 | 1; readonly sentAtTick: number; readonly isHeard: boolean }[];
  readonly ticksLeft: number;
  readonly crashesLeft: number;
  readonly lossesLeft: number;
}

interface Side {
  readonly publication: PublicationState;
  readonly worker: Worker;
  /** How many posts the list showed before the first send: its own is behind them. */
  readonly after: number | null;
}

/** What the publisher keeps in memory. Only the send and the report race with the other publisher: the model takes what lies between as one step. */
type Worker =
  | { readonly doing: 'nothing' }
  | { readonly doing: 'awaiting_reply'; readonly fence: number; readonly sentAtTick: number }
  /** `post`: which one the platform named; null: it is not in the list. */
  | { readonly doing: 'reporting' | 'reporting_finding'; readonly fence: number; readonly post: number | null };

/** Without it, a report counts although the post that it names belongs to the other one by now. */
type SharedAblation = 'no_post_owners';

export interface SharedFaults {
  readonly crashes: number;
  readonly losses: number;
  /** Time ends after so many. */
  readonly ticks: number;
}

const leaseMs = leaseTicks * msPerTick;
const policy = { retryDelaysMs: [msPerTick, msPerTick], jitter: 0, outage: false, manual: null };
const quiet = { quietMs: quietTicks * msPerTick, absentReadsRequired: 1, absentSpacingMs: 0 };
const idle: Worker = { doing: 'nothing' };
const sideIndexes = [0, 1] as const;

/** Visits every state that can be reached, breadth first. @returns the first broken rule */
export function exploreSharedAccount(
  faults: SharedFaults,
  ablation: SharedAblation | null,
): { readonly states: number; readonly broken: string | null } {
  const seen = new Set<string>();
  let frontier = [startState(faults)];
  while (frontier.length > 0) {
    const following: SharedState[] = [];
    for (const state of frontier) {
      const key = keyOf(state);
      if (seen.has(key)) continue;
      seen.add(key);
      const broken = brokenRule(state);
      if (broken !== null) return { states: seen.size, broken };
      following.push(...nextStates(state, ablation));
    }
    frontier = following;
  }
  return { states: seen.size, broken: null };
}

function startState({ crashes, losses, ticks }: SharedFaults): SharedState {
  const publication: PublicationState = { ...newPublication, status: 'scheduled', scheduledAtMs: 0, dueAtMs: 0 };
  const side: Side = { publication, worker: idle, after: null };
  const faults = { crashesLeft: crashes, lossesLeft: losses };
  return { tick: 0, ticksLeft: ticks, sides: [side, side], listedFromTick: [], inFlight: [], ...faults };
}

function brokenRule({ sides, listedFromTick }: SharedState): string | null {
  if (listedFromTick.length > 2) return 'more posts than were asked for';
  const ids = sides.flatMap(({ publication }) => publication.platformPostId ?? []);
  if (new Set(ids).size < ids.length) return 'one post counts for both';
  const isFailed = sides.some(({ publication }) => publication.status === 'failed');
  return isFailed && listedFromTick.length === 2 ? 'called failed although both are there' : null;
}

function nextStates(state: SharedState, ablation: SharedAblation | null): SharedState[] {
  const isDue = state.inFlight.some(({ sentAtTick }) => state.tick - sentAtTick >= requestTicks);
  return [
    ...(state.ticksLeft > 0 && !isDue ? [{ ...state, tick: state.tick + 1, ticksLeft: state.ticksLeft - 1 }] : []),
    ...sideIndexes.flatMap((index) => [...workerMoves(state, index, ablation), ...sweep(state, index)]),
    ...networkMoves(state),
  ];
}

function workerMoves(state: SharedState, index: 0 | 1, ablation: SharedAblation | null): SharedState[] {
  const { worker } = state.sides[index];
  const crashed =
    worker.doing === 'nothing' || state.crashesLeft === 0
      ? []
      : [
          {
            ...withWorker(state, index, idle),
            inFlight: state.inFlight.map((request) =>
              request.side === index ? { ...request, isHeard: false } : request,
            ),
            crashesLeft: state.crashesLeft - 1,
          },
        ];
  return [...crashed, ...act(state, index, worker, ablation)];
}

function act(state: SharedState, index: 0 | 1, worker: Worker, ablation: SharedAblation | null): SharedState[] {
  switch (worker.doing) {
    case 'nothing':
      return takeUp(state, index);
    case 'awaiting_reply': {
      if (state.tick - worker.sentAtTick < requestTicks) return [];
      const silent = { doing: 'reporting', fence: worker.fence, post: null } as const;
      const done = withWorker(state, index, idle);
      return [move(done, index, inputOf(state, index, silent, ablation)) ?? done];
    }
    case 'reporting':
    case 'reporting_finding': {
      const done = withWorker(state, index, idle);
      return [move(done, index, inputOf(state, index, worker, ablation)) ?? done];
    }
  }
}

/** Claims it, and sends or asks: a crash between the intent and the request is one more way to go on. */
function takeUp(state: SharedState, index: 0 | 1): SharedState[] {
  const claimed = move(state, index, { type: 'claim', leaseMs, gate: { kind: 'go' } });
  if (claimed === null) return [];
  const { fence, intentAtMs } = claimed.sides[index].publication;
  const after = state.sides[index].after ?? listed(state).length;
  if (intentAtMs !== null) {
    const taken = state.sides[index === 0 ? 1 : 0].publication.platformPostId;
    const post = listed(state).find((each) => each >= after && idOf(each) !== taken) ?? null;
    return [withWorker(claimed, index, { doing: 'reporting_finding', fence, post })];
  }
  const begun = move(claimed, index, { type: 'intend', fence, leaseMs });
  if (begun === null) return [];
  const intended = withSide(begun, index, { after });
  const waiting: Worker = { doing: 'awaiting_reply', fence, sentAtTick: state.tick };
  const inFlight = [...state.inFlight, { side: index, sentAtTick: state.tick, isHeard: true }];
  const sent = { ...withWorker(intended, index, waiting), inFlight };
  return state.crashesLeft === 0 ? [sent] : [sent, { ...intended, crashesLeft: state.crashesLeft - 1 }];
}

/** What is named belongs to whoever was settled with it first: decided under a lock, across organizations. */
function inputOf(
  state: SharedState,
  index: 0 | 1,
  { doing, fence, post }: Extract<Worker, { post: unknown }>,
  ablation: SharedAblation | null,
): PublicationInput {
  const owner = state.sides[index === 0 ? 1 : 0].publication.platformPostId;
  const isTaken = post !== null && owner === idOf(post) && ablation !== 'no_post_owners';
  const found = post === null ? null : { platformPostId: idOf(post), url: null };
  if (doing === 'reporting') {
    const fault = { category: 'unknown_outcome', code: 'test', message: 'It is not known.' } as const;
    const unknown = { kind: 'unknown', fault, quietMs: quiet.quietMs } as const;
    const outcome = found === null || isTaken ? unknown : ({ kind: 'published', ...found } as const);
    return { type: 'outcome', fence, outcome, policy };
  }
  const rules = { ...policy, ...quiet };
  if (isTaken) {
    const finding = { kind: 'no_answer', detail: 'It is taken.', retryAfterMs: null, needsReconnect: false } as const;
    return { type: 'finding', fence, finding, policy: rules };
  }
  if (found === null) return { type: 'finding', fence, finding: { kind: 'not_seen', evidence: 'none' }, policy: rules };
  return { type: 'finding', fence, finding: { kind: 'found', ...found, evidence: 'there' }, policy: rules };
}

function networkMoves(state: SharedState): SharedState[] {
  return state.inFlight.flatMap((request, position) => {
    const inFlight = state.inFlight.filter((_, other) => other !== position);
    const accepted = { ...state, inFlight, listedFromTick: [...state.listedFromTick, state.tick + listingLagTicks] };
    const { worker } = state.sides[request.side];
    const answered =
      request.isHeard && worker.doing === 'awaiting_reply'
        ? withWorker(accepted, request.side, {
            doing: 'reporting',
            fence: worker.fence,
            post: accepted.listedFromTick.length - 1,
          })
        : accepted;
    if (state.lossesLeft === 0) return [answered];
    const lossy = { lossesLeft: state.lossesLeft - 1 };
    return [answered, { ...state, ...lossy, inFlight }, { ...accepted, ...lossy }];
  });
}

function sweep(state: SharedState, index: 0 | 1): SharedState[] {
  return [move(state, index, { type: 'lease_expired', policy: quiet }) ?? []].flat();
}

function move(state: SharedState, index: 0 | 1, input: PublicationInput): SharedState | null {
  const taken = transition(state.sides[index].publication, input, state.tick * msPerTick);
  return taken.kind === 'refused' ? null : withSide(state, index, { publication: taken.state });
}

function listed({ listedFromTick, tick }: SharedState): number[] {
  return listedFromTick.flatMap((from, post) => (from <= tick ? [post] : []));
}

function idOf(post: number): string {
  return `p${post}`;
}

function withWorker(state: SharedState, index: 0 | 1, worker: Worker): SharedState {
  return withSide(state, index, { worker });
}

function withSide(state: SharedState, index: 0 | 1, change: Partial<Side>): SharedState {
  const [first, second] = state.sides;
  return { ...state, sides: index === 0 ? [{ ...first, ...change }, second] : [first, { ...second, ...change }] };
}

/** The two sides are alike: a state and its mirror image are one. */
function keyOf({ sides, inFlight, ...rest }: SharedState): string {
  const names = sides.map(({ publication, worker, after }) => {
    const { waiting, error, url, publishedAtMs, firstFailedAtMs, scheduledAtMs, ...deciding } = publication;
    return JSON.stringify([Object.values(deciding), worker, after, waiting?.reason ?? null, error?.code ?? null]);
  });
  const isSwapped = (names[0] ?? '') > (names[1] ?? '');
  const requests = inFlight.map(({ side, sentAtTick, isHeard }) => [isSwapped ? 1 - side : side, sentAtTick, isHeard]);
  return JSON.stringify([names.toSorted(), requests, Object.values(rest)]);
}
