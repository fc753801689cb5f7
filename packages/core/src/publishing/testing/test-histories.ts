import { WaitingReason } from '@vibetribe/contracts/publication-status';
import fc from 'fast-check';
import type {
  Finding,
  Gate,
  Outcome,
  PublicationInput,
  ReconcilePolicy,
  Resolution,
  RetryPolicy,
} from '../state/publication-input.ts';
import { newPublication, type PublicationState } from '../state/publication-state.ts';
import { transition } from '../state/reducer.ts';
import type { Transition } from '../state/transition.ts';

/** One thing that happens, before it is known which state it meets, and when. */
export interface Happening {
  readonly atMs: (state: PublicationState, nowMs: number) => number;
  readonly input: (state: PublicationState) => PublicationInput;
}

export interface Turn {
  readonly before: PublicationState;
  readonly input: PublicationInput;
  readonly atMs: number;
  readonly taken: Transition;
  readonly after: PublicationState;
}

export const fault = { category: 'network', code: 'test', message: 'A fault.' } as const;
const found = { platformPostId: 'p', url: null };

export const policy = fc.record({
  retryDelaysMs: fc.constantFrom([], [1_000], [1_000, 5_000, 15_000]),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  outage: fc.boolean(),
  manual: fc.constant(null),
});
const reconcilePolicy = fc.record({
  quietMs: fc.integer({ min: 0, max: 60_000 }),
  absentReadsRequired: fc.integer({ min: 1, max: 3 }),
  absentSpacingMs: fc.integer({ min: 0, max: 60_000 }),
});
export const maybeMs = fc.option(fc.integer({ min: 0, max: 100_000 }));
const reason = fc.constantFrom(...WaitingReason.options);

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant({ kind: 'published', ...found } as const),
  fc.record({
    kind: fc.constant('processing' as const),
    pollAfterMs: fc.integer({ min: 1, max: 60_000 }),
    detail: fc.constant('encoding'),
    committed: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('retry' as const), fault: fc.constant(fault), retryAfterMs: maybeMs }),
  fc.record({ kind: fc.constant('wait' as const), reason, retryAfterMs: maybeMs, detail: fc.constant('waits') }),
  fc.record({
    kind: fc.constant('postponed' as const),
    reason: fc.constantFrom('internal' as const, 'token' as const),
    retryAfterMs: maybeMs,
    detail: fc.constant('waits'),
    committed: fc.constant(false),
  }),
  fc.constant({ kind: 'rejected', error: { ...fault, retryable: false, manual: null } } as const),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('unknown' as const),
      fault: fc.constant(fault),
      quietMs: fc.integer({ min: 0, max: 60_000 }),
    }),
  },
  fc.constant({ kind: 'unknown', fault, quietMs: 1_000, evidence: 'A repeat was refused as a duplicate.' } as const),
);
const finding: fc.Arbitrary<Finding> = fc.oneof(
  fc.constant({ kind: 'found', ...found, evidence: 'there' } as const),
  { weight: 3, arbitrary: fc.constant({ kind: 'not_seen', evidence: 'not there' } as const) },
  fc.record({
    kind: fc.constant('not_seen' as const),
    evidence: fc.constant('not there'),
    doubt: fc.constant('Something else is.'),
  }),
  fc.constant({ kind: 'inconclusive', evidence: 'half a list' } as const),
  fc.constant({ kind: 'cannot_tell', evidence: 'no list' } as const),
  fc.record({
    kind: fc.constant('no_answer' as const),
    detail: fc.constant('silence'),
    retryAfterMs: maybeMs,
    needsReconnect: fc.boolean(),
  }),
);
const gate = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'go' } as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      reason,
      untilMs: maybeMs,
      detail: fc.constant('waits'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'skip', because: 'misfire', detail: 'late' } as const) },
);
const resolution = fc.constantFrom(
  { kind: 'published', ...found } as const,
  { kind: 'not_published', retry: true } as const,
  { kind: 'not_published', retry: false } as const,
  { kind: 'publish' } as const,
  { kind: 'skip' } as const,
);
/** How many claims ago the speaker took its own; 0: it still holds it. */
const staleness = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
);
const leaseMs = fc.integer({ min: 1, max: 30_000 });

const input: fc.Arbitrary<Happening['input']> = fc.oneof(
  fc
    .integer({ min: -10_000, max: 10_000 })
    .map((inMs) => (): PublicationInput => ({ type: 'schedule', atMs: 1_000_000 + inMs })),
  fc
    .constantFrom<PublicationInput>(
      { type: 'unschedule' },
      { type: 'edit' },
      { type: 'cancel' },
      { type: 'publish_now' },
      { type: 'retry' },
    )
    .map((one) => () => one),
  resolution.map((one) => (): PublicationInput => ({ type: 'resolve', resolution: one })),
  // What an open intent is claimed for is a question to the platform: no gate concerns it.
  fc.tuple(leaseMs, gate).map(([ms, one]) => (state: PublicationState): PublicationInput => ({
    type: 'claim',
    leaseMs: ms,
    gate: state.intentAtMs === null ? one : { kind: 'go' },
  })),
  fc.tuple(staleness, leaseMs).map(([stale, ms]) => (state: PublicationState): PublicationInput => ({
    type: 'intend',
    fence: state.fence - stale,
    leaseMs: ms,
  })),
  fc
    .tuple(staleness, leaseMs, fc.boolean())
    .map(([stale, ms, committed]) => (state: PublicationState): PublicationInput => ({
      type: 'progress',
      fence: state.fence - stale,
      leaseMs: ms,
      step: 's',
      committed: committed && state.intentAtMs !== null,
    })),
  // Only a send that has begun can end as unknown.
  fc.tuple(staleness, outcome, policy).map(([stale, one, rules]) => (state: PublicationState): PublicationInput => ({
    type: 'outcome',
    fence: state.fence - stale,
    policy: rules,
    outcome: one.kind === 'unknown' && state.intentAtMs === null ? { kind: 'retry', fault, retryAfterMs: null } : one,
  })),
  // A claim to send reports no finding: only older claims can do so while one is held.
  fc
    .tuple(staleness, finding, policy, reconcilePolicy)
    .map(([stale, one, rules, reads]) => (state: PublicationState): PublicationInput => ({
      type: 'finding',
      fence: state.fence - (state.status === 'publishing' ? stale + 1 : stale),
      finding: one,
      policy: { ...rules, ...reads },
    })),
  reconcilePolicy.map((reads) => (): PublicationInput => ({ type: 'lease_expired', policy: reads })),
  fc.array(reason, { maxLength: 3 }).map((reasons) => (): PublicationInput => ({ type: 'resume', reasons })),
);

/** Anything at all, soon or late. */
const wild: fc.Arbitrary<Happening> = fc
  .record({ afterMs: fc.constantFrom(0, 1, 1_000, 20_000, 120_000), input })
  .map(({ afterMs, input: one }) => ({ atMs: (_state, nowMs) => nowMs + afterMs, input: one }));

/** What comes next in an ordinary life, so that histories get far. */
const ordinary: fc.Arbitrary<Happening> = fc
  .record({
    outcome,
    finding,
    policy,
    reads: reconcilePolicy,
    gate,
    resolution,
    leaseMs,
    crashes: fc.nat(5),
    commits: fc.nat(3),
  })
  .map((drawn) => ({
    atMs: ({ dueAtMs, leaseUntilMs }, nowMs) =>
      Math.max(nowMs, leaseUntilMs === null ? (dueAtMs ?? 0) : drawn.crashes === 0 ? leaseUntilMs : 0),
    input: (state) => next(state, drawn),
  }));

interface Drawn {
  readonly outcome: Outcome;
  readonly finding: Finding;
  readonly policy: RetryPolicy;
  readonly reads: ReconcilePolicy;
  readonly gate: Gate;
  readonly resolution: Resolution;
  readonly leaseMs: number;
  readonly crashes: number;
  readonly commits: number;
}

function next(state: PublicationState, drawn: Drawn): PublicationInput {
  const { fence, intentAtMs, leaseUntilMs, status } = state;
  if (status === 'draft') return { type: 'schedule', atMs: 1_000_000 };
  if (status === 'failed') return { type: 'retry' };
  if (status === 'unconfirmed' || state.waiting?.reason === 'decision')
    return { type: 'resolve', resolution: drawn.resolution };
  if (leaseUntilMs !== null && drawn.crashes === 0) return { type: 'lease_expired', policy: drawn.reads };
  if (status === 'publishing' && intentAtMs === null) {
    if (drawn.commits > 0 || state.attempts === 0) return { type: 'intend', fence, leaseMs: drawn.leaseMs };
    return {
      type: 'outcome',
      fence,
      policy: drawn.policy,
      outcome:
        drawn.outcome.kind === 'unknown'
          ? { kind: 'rejected', error: { ...fault, retryable: false, manual: null } }
          : drawn.outcome,
    };
  }
  if (status === 'publishing' && drawn.commits === 0)
    return { type: 'progress', fence, leaseMs: drawn.leaseMs, step: 's', committed: true };
  if (status === 'publishing') return { type: 'outcome', fence, outcome: drawn.outcome, policy: drawn.policy };
  if (leaseUntilMs !== null)
    return { type: 'finding', fence, finding: drawn.finding, policy: { ...drawn.policy, ...drawn.reads } };
  if (state.dueAtMs === null) return { type: 'resume', reasons: WaitingReason.options };
  return { type: 'claim', leaseMs: drawn.leaseMs, gate: intentAtMs === null ? drawn.gate : { kind: 'go' } };
}

export const history = fc.array(fc.oneof({ weight: 4, arbitrary: ordinary }, { weight: 1, arbitrary: wild }), {
  maxLength: 60,
  size: 'max',
});

export function play(happenings: readonly Happening[]): Turn[] {
  const turns: Turn[] = [];
  let state = newPublication;
  let nowMs = 1_000_000;
  for (const happening of happenings) {
    nowMs = happening.atMs(state, nowMs);
    const one = happening.input(state);
    const taken = transition(state, one, nowMs);
    const after = taken.kind === 'moved' ? taken.state : state;
    turns.push({ before: state, input: one, atMs: nowMs, taken, after });
    state = after;
  }
  return turns;
}
