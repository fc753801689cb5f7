import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newPublication } from './publication-state.ts';
import { transition } from './reducer.ts';
import { fault, history, play, policy, maybeMs, type Turn } from '../testing/test-histories.ts';

/** Whatever happens, in whatever order, each turn keeps the rule. */
function always(rule: (turn: Turn) => void): void {
  fc.assert(
    fc.property(history, (happenings) => play(happenings).forEach(rule)),
    { numRuns: 400 },
  );
}

const ended = ['published', 'failed', 'canceled', 'skipped', 'unconfirmed'];

test('the histories drawn here get everywhere', () => {
  const seen = new Map<string, number>();
  for (const happenings of fc.sample(history, { numRuns: 2_000, seed: 1 })) {
    for (const { input: one, taken, after } of play(happenings)) {
      const name = taken.kind === 'moved' ? `${one.type} > ${after.status}` : 'refused';
      seen.set(name, (seen.get(name) ?? 0) + 1);
    }
  }
  const rare = [
    'lease_expired > waiting',
    'outcome > unconfirmed',
    'finding > retrying',
    'resolve > scheduled',
    'progress > publishing',
    'cancel > canceled',
  ];
  for (const name of rare) expect(seen.get(name), name).toBeGreaterThan(20);
});

test('the fence never falls; a claim that is granted raises it', () => {
  always(({ before, input: { type }, taken, after }) => {
    expect(after.fence).toBeGreaterThanOrEqual(before.fence);
    if (type === 'claim' && taken.kind === 'moved' && after.leaseUntilMs !== null)
      expect(after.fence).toBe(before.fence + 1);
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
  always(({ before, input: one, atMs, taken, after }) => {
    const began = one.type === 'intend' && taken.kind === 'moved';
    const wasNone = one.type === 'outcome' && one.outcome.kind === 'postponed' && before.intentAtMs !== null;
    const change = began ? 1 : wasNone && taken.kind === 'moved' ? -1 : 0;
    expect(after.attempts).toBe(before.attempts + change);
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
    if (isUnknown)
      expect(after).toMatchObject({
        status: 'waiting',
        waiting: { reason: 'reconciling' },
        intentAtMs: before.intentAtMs,
      });
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

test('what may be there ends neither as failed, as canceled nor as skipped, unless a person says so', () => {
  always(({ before, input: one, after }) => {
    if (before.evidence === null || before.status === after.status || one.type === 'resolve') return;
    expect(['failed', 'canceled', 'skipped']).not.toContain(after.status);
  });
});

test('the first send that may have arrived is remembered until nobody can still think so', () => {
  always(({ before, input: one, after }) => {
    if (after.intentAtMs !== null) expect(after.inDoubtSinceMs).not.toBeNull();
    if (before.inDoubtSinceMs === null || before.inDoubtSinceMs === after.inDoubtSinceMs) return;
    expect(after.inDoubtSinceMs).toBeNull();
    const platformSaidSo = before.intentAtMs === before.inDoubtSinceMs && one.type === 'outcome';
    expect(platformSaidSo || after.status === 'published' || ['progress', 'resolve'].includes(one.type)).toBe(true);
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
    // What an outage turns out to have used is given back.
    if (after.status === 'waiting') expect([before.retriesUsed, 0]).toContain(after.retriesUsed);
    if (after.retriesUsed > before.retriesUsed) {
      expect(after).toMatchObject({
        status: 'retrying',
        retriesUsed: before.retriesUsed + 1,
        error: { retryable: true },
      });
      expect(taken.events.at(-1)).toMatchObject({ type: 'publication.retrying' });
    }
  });
});

test('every change of status is on the timeline, and whoever has to act is told', () => {
  always(({ before, taken, after }) => {
    if (taken.kind === 'refused') return;
    // That a publisher looks again at what waits is told by what comes of it.
    if (before.status !== after.status && before.toldWait === null) expect(taken.events.length).toBeGreaterThan(0);
    const kinds = taken.notifications.map(({ kind }) => kind);
    if (before.status !== 'unconfirmed' && after.status === 'unconfirmed')
      expect(kinds).toEqual(['publication_unconfirmed']);
    const asked = after.waiting?.reason === 'decision' && before.waiting?.reason !== 'decision';
    if (asked) expect(kinds).toEqual(['publication_asks']);
  });
});

test('what stands on a timeline ends as a sentence does, whoever worded it', () => {
  always(({ taken }) => {
    if (taken.kind === 'refused') return;
    for (const { message } of taken.events) expect(message).toMatch(/[.?!…]$/u);
  });
});

test('a schedule and a cancellation are heard until a send has begun', () => {
  const begun = { ...newPublication, status: 'publishing', fence: 1, leaseUntilMs: 50_000 } as const;
  expect(transition(begun, { type: 'edit' }, 1_000)).toEqual({ kind: 'refused', reason: 'under_way' });
  const canceled = transition(begun, { type: 'cancel' }, 1_000);
  expect(canceled).toMatchObject({ kind: 'moved', state: { status: 'canceled', fence: 2 } });
  if (canceled.kind !== 'moved') return;
  expect(transition(canceled.state, { type: 'intend', fence: 1, leaseMs: 1 }, 1_000)).toEqual({
    kind: 'refused',
    reason: 'superseded',
  });
  const sending = transition(begun, { type: 'intend', fence: 1, leaseMs: 1_000 }, 1_000);
  if (sending.kind !== 'moved') throw new Error(sending.reason);
  expect(transition(sending.state, { type: 'cancel' }, 1_000)).toEqual({ kind: 'refused', reason: 'under_way' });
});

test('retries follow the delays given, once each, and jitter only lengthens', () => {
  fc.assert(
    fc.property(policy, fc.integer({ min: 0, max: 3 }), maybeMs, (rules, retriesUsed, retryAfterMs) => {
      const sending = {
        ...newPublication,
        status: 'publishing',
        fence: 1,
        leaseUntilMs: 50_000,
        attempts: 1,
        intentAtMs: 1_000,
        retriesUsed,
      } as const;
      const taken = transition(
        sending,
        { type: 'outcome', fence: 1, outcome: { kind: 'retry', fault, retryAfterMs }, policy: rules },
        2_000,
      );
      if (taken.kind === 'refused') throw new Error(taken.reason);
      const delayMs = rules.retryDelaysMs[retriesUsed];
      if (rules.outage) {
        expect(taken.state).toMatchObject({ status: 'waiting', waiting: { reason: 'breaker' }, retriesUsed: 0 });
        expect(taken.state.dueAtMs).toBe(2_000 + Math.max(rules.retryDelaysMs[0] ?? 60_000, retryAfterMs ?? 0));
      } else if (delayMs === undefined) expect(taken.state.status).toBe('failed');
      else expect(taken.state.dueAtMs).toBeGreaterThanOrEqual(2_000 + Math.max(delayMs, retryAfterMs ?? 0));
    }),
  );
});
