import { WaitingReason } from '@vibetribe/contracts/publication-status';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Finding, Outcome, PublicationInput } from './publication-input.ts';
import { newPublication, type PublicationState } from './publication-state.ts';
import { step } from './reducer.ts';
import type { Step } from './step.ts';

/** One thing that happens, before it is known which state it meets. */
interface Happening {
  readonly afterMs: number;
  readonly input: (state: PublicationState) => PublicationInput;
}

interface Turn {
  readonly before: PublicationState;
  readonly input: PublicationInput;
  readonly atMs: number;
  readonly taken: Step;
  readonly after: PublicationState;
}

const fault = { category: 'network', code: 'test', message: 'A fault.' } as const;
const found = { platformPostId: 'p', url: null };

const policy = fc.record({
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
const maybeMs = fc.option(fc.integer({ min: 0, max: 100_000 }));
const reason = fc.constantFrom(...WaitingReason.options);

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant({ kind: 'published', ...found } as const),
  fc.record({ kind: fc.constant('processing' as const), pollAfterMs: fc.integer({ min: 1, max: 60_000 }), detail: fc.constant('encoding'), committed: fc.boolean() }),
  fc.record({ kind: fc.constant('retry' as const), fault: fc.constant(fault), retryAfterMs: maybeMs }),
  fc.record({ kind: fc.constant('wait' as const), reason, retryAfterMs: maybeMs, detail: fc.constant('waits') }),
  fc.constant({ kind: 'rejected', error: { ...fault, retryable: false, manual: null } } as const),
  fc.record({ kind: fc.constant('unknown' as const), fault: fc.constant(fault), quietMs: fc.integer({ min: 0, max: 60_000 }) }),
);
const finding: fc.Arbitrary<Finding> = fc.oneof(
  fc.constant({ kind: 'found', ...found, evidence: 'there' } as const),
  fc.constant({ kind: 'not_seen', evidence: 'not there' } as const),
  fc.constant({ kind: 'cannot_tell', evidence: 'no list' } as const),
  fc.record({ kind: fc.constant('no_answer' as const), detail: fc.constant('silence'), retryAfterMs: maybeMs, needsReconnect: fc.boolean() }),
);
const gate = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'go' } as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), reason, untilMs: maybeMs, detail: fc.constant('waits') }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'skip', detail: 'late' } as const) },
);
const resolution = fc.constantFrom(
  { kind: 'published', ...found } as const,
  { kind: 'not_published', retry: true } as const,
  { kind: 'not_published', retry: false } as const,
  { kind: 'publish' } as const,
  { kind: 'skip' } as const,
);
/** How many claims ago the speaker took its own; 0: it still holds it. */
const staleness = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) });
const leaseMs = fc.integer({ min: 1, max: 30_000 });

const input: fc.Arbitrary<Happening['input']> = fc.oneof(
  fc.integer({ min: -10_000, max: 10_000 }).map((inMs) => (): PublicationInput => ({ type: 'schedule', atMs: 1_000_000 + inMs })),
  fc.constantFrom<PublicationInput>({ type: 'unschedule' }, { type: 'edit' }, { type: 'cancel' }, { type: 'publish_now' }, { type: 'retry' }).map((one) => () => one),
  resolution.map((one) => (): PublicationInput => ({ type: 'resolve', resolution: one })),
  // What an open intent is claimed for is a question to the platform: no gate concerns it.
  fc.tuple(leaseMs, gate).map(([ms, one]) => (state: PublicationState): PublicationInput => ({ type: 'claim', leaseMs: ms, gate: state.intentAtMs === null ? one : { kind: 'go' } })),
  fc.tuple(staleness, leaseMs).map(([stale, ms]) => (state: PublicationState): PublicationInput => ({ type: 'intend', fence: state.fence - stale, leaseMs: ms })),
  fc.tuple(staleness, leaseMs, fc.boolean()).map(([stale, ms, committed]) => (state: PublicationState): PublicationInput => ({ type: 'progress', fence: state.fence - stale, leaseMs: ms, step: 's', committed: committed && state.intentAtMs !== null })),
  // Only a send that has begun can end as unknown.
  fc.tuple(staleness, outcome, policy).map(([stale, one, rules]) => (state: PublicationState): PublicationInput => ({ type: 'outcome', fence: state.fence - stale, policy: rules, outcome: one.kind === 'unknown' && state.intentAtMs === null ? { kind: 'retry', fault, retryAfterMs: null } : one })),
  fc.tuple(staleness, finding, policy, reconcilePolicy).map(([stale, one, rules, reads]) => (state: PublicationState): PublicationInput => ({ type: 'finding', fence: state.fence - stale, finding: one, policy: { ...rules, ...reads } })),
  reconcilePolicy.map((reads) => (): PublicationInput => ({ type: 'lease_expired', policy: reads })),
  fc.array(reason, { maxLength: 3 }).map((reasons) => (): PublicationInput => ({ type: 'resume', reasons })),
);

const history = fc.array(fc.record({ afterMs: fc.constantFrom(0, 1, 1_000, 20_000, 120_000), input }), { maxLength: 60 });

function play(happenings: readonly Happening[]): Turn[] {
  const turns: Turn[] = [];
  let state = newPublication;
  let atMs = 1_000_000;
  for (const happening of happenings) {
    atMs += happening.afterMs;
    const now = happening.input(state);
    const taken = step(state, now, atMs);
    const after = taken.kind === 'moved' ? taken.state : state;
    turns.push({ before: state, input: now, atMs, taken, after });
    state = after;
  }
  return turns;
}

/** Whatever happens, in whatever order, each turn keeps the rule. */
function always(rule: (turn: Turn) => void): void {
  fc.assert(
    fc.property(history, (happenings) => play(happenings).forEach(rule)),
    { numRuns: 2_000 },
  );
}

const ended = ['published', 'failed', 'canceled', 'skipped', 'unconfirmed'];

test('the fence never falls; a claim that is granted raises it', () => {
  always(({ before, input: { type }, taken, after }) => {
    expect(after.fence).toBeGreaterThanOrEqual(before.fence);
    if (type === 'claim' && taken.kind === 'moved' && after.leaseUntilMs !== null) expect(after.fence).toBe(before.fence + 1);
  });
});

test('what carries an older fence changes nothing, but for proof that the post is out', () => {
  always(({ before, input: one, after }) => {
    if (!('fence' in one) || one.fence === before.fence) return;
    if (one.type === 'outcome' && one.outcome.kind === 'published') return;
    expect(after).toEqual(before);
  });
});

test('a send begins only by an intent of the publisher that holds the claim, one at a time, and each is counted', () => {
  always(({ before, input: { type }, atMs, taken, after }) => {
    const began = type === 'intend' && taken.kind === 'moved';
    expect(after.attempts).toBe(before.attempts + (began ? 1 : 0));
    if (!began) return;
    expect(before).toMatchObject({ status: 'publishing', intentAtMs: null });
    expect(before.leaseUntilMs).toBeGreaterThan(atMs);
    expect(after.intentAtMs).toBe(atMs);
  });
});

test('while an intent is open, no claim is one to send', () => {
  always(({ before, input: { type }, taken, after }) => {
    if (type !== 'claim' || taken.kind === 'refused' || before.intentAtMs === null) return;
    expect(after).toMatchObject({ status: 'waiting', intentAtMs: before.intentAtMs });
  });
});

test('an intent is closed by the publisher that holds the claim, by proof, or by a person; by nobody else', () => {
  always(({ before, input: one, after }) => {
    if (before.intentAtMs === null || after.intentAtMs !== null) return;
    expect(['outcome', 'progress', 'finding', 'resolve']).toContain(one.type);
    if (one.type === 'outcome') expect(one.outcome.kind).not.toBe('unknown');
    if (one.type === 'finding') expect(['found', 'not_seen']).toContain(one.finding.kind);
  });
});

test('an unknown outcome and a silent publisher are never retried without asking', () => {
  always(({ before, input: one, taken, after }) => {
    if (taken.kind === 'refused' || before.intentAtMs === null) return;
    const isUnknown = one.type === 'lease_expired' || (one.type === 'outcome' && one.outcome.kind === 'unknown');
    if (isUnknown) expect(after).toMatchObject({ status: 'waiting', waiting: { reason: 'reconciling' }, intentAtMs: before.intentAtMs });
  });
});

test('what has ended is not due, not held, and has no open question; unconfirmed alone keeps its intent', () => {
  always(({ after }) => {
    if (!ended.includes(after.status)) return;
    expect(after).toMatchObject({ dueAtMs: null, leaseUntilMs: null, waiting: null });
    if (after.status !== 'unconfirmed') expect(after.intentAtMs).toBeNull();
  });
});

test('published, canceled and skipped are for good', () => {
  always(({ before, after }) => {
    if (['published', 'canceled', 'skipped'].includes(before.status)) expect(after).toEqual(before);
  });
});

test('what was made visible ends neither as failed nor as canceled, unless a person says that it is not there', () => {
  always(({ before, input: one, after }) => {
    if (!before.committed || (one.type === 'resolve' && one.resolution.kind === 'not_published')) return;
    if (before.status === 'failed') return;
    expect(['failed', 'canceled']).not.toContain(after.status);
  });
});

test('a reason is waited for if and only if it waits', () => {
  always(({ after }) => {
    expect(after.waiting !== null).toBe(after.status === 'waiting');
  });
});

test('what is not ended and no draft is held, or due some time, or waits for somebody', () => {
  always(({ after }) => {
    if (ended.includes(after.status) || after.status === 'draft') return;
    if (after.status === 'publishing') expect(after.leaseUntilMs).not.toBeNull();
    else if (after.status === 'waiting') expect(after.waiting).not.toBeNull();
    else expect(after.dueAtMs).not.toBeNull();
  });
});

test('nothing is claimed before it is due, nor while someone holds it', () => {
  always(({ before, input: { type }, atMs, taken }) => {
    if (type !== 'claim' || taken.kind === 'refused') return;
    expect(before.dueAtMs).toBeLessThanOrEqual(atMs);
    expect(before.leaseUntilMs).toBeNull();
  });
});

test('waiting uses up no retry, and a retry is told with its time', () => {
  always(({ before, taken, after }) => {
    if (taken.kind === 'refused') return;
    if (after.status === 'waiting') expect(after.retriesUsed).toBe(before.retriesUsed);
    if (after.retriesUsed > before.retriesUsed) {
      expect(after).toMatchObject({ status: 'retrying', retriesUsed: before.retriesUsed + 1, error: { retryable: true } });
      expect(taken.events.at(-1)).toMatchObject({ type: 'publication.retrying' });
    }
  });
});

test('every change of status is on the timeline, and whoever has to act is told', () => {
  always(({ before, taken, after }) => {
    if (taken.kind === 'refused') return;
    if (before.status !== after.status) expect(taken.events.length).toBeGreaterThan(0);
    const kinds = taken.notifications.map(({ kind }) => kind);
    if (before.status !== 'unconfirmed' && after.status === 'unconfirmed') expect(kinds).toEqual(['publication_unconfirmed']);
    const asked = after.waiting?.reason === 'decision' && before.waiting?.reason !== 'decision';
    if (asked) expect(kinds).toEqual(['publication_asks']);
  });
});

test('a schedule and a cancellation are heard until a send has begun', () => {
  const begun = { ...newPublication, status: 'publishing', fence: 1, leaseUntilMs: 50_000 } as const;
  expect(step(begun, { type: 'edit' }, 1_000)).toEqual({ kind: 'refused', reason: 'under_way' });
  const canceled = step(begun, { type: 'cancel' }, 1_000);
  expect(canceled).toMatchObject({ kind: 'moved', state: { status: 'canceled', fence: 2 } });
  if (canceled.kind !== 'moved') return;
  expect(step(canceled.state, { type: 'intend', fence: 1, leaseMs: 1 }, 1_000)).toEqual({ kind: 'refused', reason: 'superseded' });
  const sending = step(begun, { type: 'intend', fence: 1, leaseMs: 1_000 }, 1_000);
  if (sending.kind !== 'moved') throw new Error(sending.reason);
  expect(step(sending.state, { type: 'cancel' }, 1_000)).toEqual({ kind: 'refused', reason: 'under_way' });
});

test('retries follow the delays given, once each, and jitter only lengthens', () => {
  fc.assert(
    fc.property(policy, fc.integer({ min: 0, max: 3 }), maybeMs, (rules, retriesUsed, retryAfterMs) => {
      const sending = { ...newPublication, status: 'publishing', fence: 1, leaseUntilMs: 50_000, attempts: 1, intentAtMs: 1_000, retriesUsed } as const;
      const taken = step(sending, { type: 'outcome', fence: 1, outcome: { kind: 'retry', fault, retryAfterMs }, policy: rules }, 2_000);
      if (taken.kind === 'refused') throw new Error(taken.reason);
      const delayMs = rules.retryDelaysMs[retriesUsed];
      if (delayMs === undefined) expect(taken.state.status).toBe(rules.outage ? 'waiting' : 'failed');
      else expect(taken.state.dueAtMs).toBeGreaterThanOrEqual(2_000 + Math.max(delayMs, retryAfterMs ?? 0));
    }),
  );
});
