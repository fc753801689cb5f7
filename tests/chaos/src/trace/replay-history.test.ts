import type { Finding, Outcome, PublicationInput } from '@vibetribe/core/publishing/state/publication-input';
import { newPublication, type PublicationState } from '@vibetribe/core/publishing/state/publication-state';
import { transition } from '@vibetribe/core/publishing/state/reducer';
import { expect, test } from 'vitest';
import { createSeededRandom, type SeededRandom } from '../seeded-random.ts';
import { replayHistory } from './replay-history.ts';
import type { StoredAttempt, StoredEvent, StoredHistory, StoredStep } from './stored-history.ts';

const settings = { retryDelaysMs: [200, 400, 800], absentReadsRequired: 2 };
const policy = { ...settings, jitter: 0, outage: false, manual: null, quietMs: 2_000, absentSpacingMs: 100 };
const fault = { category: 'network', code: 'test', message: 'It could not be reached.' } as const;
const doubt = { ...fault, category: 'unknown_outcome' } as const;
const post = { platformPostId: '7', url: 'https://example.com/7' };

/** What the database would hold after these inputs, each 1 s after the one before, or when it is due. */
function store(
  inputFor: (state: PublicationState, turn: number) => PublicationInput | null,
  partCount: number,
): StoredHistory {
  let state = newPublication;
  let nowMs = 1_000_000;
  const events: StoredEvent[] = [];
  let attempts: StoredAttempt[] = [];
  const steps: StoredStep[] = [];
  for (let turn = 0; turn < 60; turn += 1) {
    const drawn = inputFor(state, turn);
    if (drawn === null) break;
    const input = withPart(drawn, state, partCount);
    nowMs = Math.max(nowMs + 1_000, input.type === 'lease_expired' ? (state.leaseUntilMs ?? 0) : 0);
    if (input.type === 'claim') nowMs = Math.max(nowMs, state.dueAtMs ?? 0);
    const taken = transition(state, input, nowMs);
    if (taken.kind === 'refused') continue;
    for (const { type, message, data } of taken.events)
      events.push({ type, message, data: { ...data, status: taken.state.status }, atMs: nowMs + 3 });
    const { attempts: number, fence, intentAtMs, status, parts } = taken.state;
    const outcome = parts.length > state.parts.length ? 'published' : status;
    if (number > state.attempts) attempts = [...attempts, { number, fence, startedAtMs: nowMs, outcome: null }];
    else if (number < state.attempts) attempts = attempts.slice(0, -1);
    else if (intentAtMs === null)
      attempts = attempts.map((attempt) => ({ ...attempt, outcome: attempt.outcome ?? outcome }));
    if (number > 0 && steps.length === 0) steps.push({ name: 'publish', effect: 'once', keyed: true, done: false });
    state = taken.state;
  }
  const row = {
    ...state,
    partCount,
    waitingReason: state.waiting?.reason ?? null,
    errorCode: state.error?.code ?? null,
    hasLease: state.leaseUntilMs !== null,
    hasIntent: state.intentAtMs !== null,
    hasEvidence: state.evidence !== null,
    isInDoubt: state.inDoubtSinceMs !== null,
  };
  return { id: 'p', platform: 'x', row, events, attempts, steps };
}

function withPart(input: PublicationInput, { parts }: PublicationState, count: number): PublicationInput {
  if (count === 1 || (input.type !== 'outcome' && input.type !== 'finding')) return input;
  return { ...input, part: { index: parts.length, isLast: parts.length === count - 1, leaseMs: 5_000 } };
}

function drawInput(random: SeededRandom): (state: PublicationState, turn: number) => PublicationInput | null {
  const outcomes: readonly Outcome[] = [
    { kind: 'published', ...post },
    { kind: 'unknown', fault: doubt, quietMs: 2_000 },
    { kind: 'unknown', fault: doubt, quietMs: 2_000, evidence: 'A repeat was refused as a duplicate.' },
    { kind: 'retry', fault, retryAfterMs: null },
    { kind: 'wait', reason: 'rate_limit', retryAfterMs: 5_000, detail: 'The limit is spent.' },
    { kind: 'postponed', reason: 'internal', retryAfterMs: 2_000, detail: 'A table is locked.', committed: false },
    { kind: 'rejected', error: { ...fault, retryable: false, manual: null } },
  ];
  const findings: readonly Finding[] = [
    { kind: 'found', ...post, evidence: 'post 7 is this one' },
    { kind: 'not_seen', evidence: 'none of 3 posts is this one' },
    { kind: 'not_seen', evidence: 'none of 3 posts is this one' },
    { kind: 'no_answer', detail: 'The platform could not be asked.', retryAfterMs: null, needsReconnect: false },
    { kind: 'inconclusive', evidence: 'post 3, which is there, is missing' },
    { kind: 'cannot_tell', evidence: 'It has no list.' },
  ];
  return (state, turn) => {
    const { status, fence, leaseUntilMs, intentAtMs } = state;
    if (turn === 0) return { type: 'schedule', atMs: 1_005_000 };
    if (['published', 'failed', 'unconfirmed', 'canceled', 'skipped'].includes(status)) return null;
    if (random.chance(0.1)) return { type: random.pick(['edit', 'publish_now', 'unschedule'] as const) };
    if (random.chance(0.03)) return { type: 'cancel' };
    if (status === 'draft') return { type: 'schedule', atMs: 1_005_000 + turn * 2_000 };
    if (leaseUntilMs === null && state.dueAtMs === null) return { type: 'resume', reasons: ['paused', 'token'] };
    if (leaseUntilMs === null) {
      const wait = { kind: 'wait', reason: 'paused', untilMs: null, detail: 'Stopped: a reason.' } as const;
      return { type: 'claim', leaseMs: 5_000, gate: intentAtMs === null && random.chance(0.2) ? wait : { kind: 'go' } };
    }
    if (random.chance(0.15)) return { type: 'lease_expired', policy };
    if (status === 'waiting') return { type: 'finding', fence, finding: random.pick(findings), policy };
    if (intentAtMs === null) return { type: 'intend', fence, leaseMs: 5_000 };
    const outage = random.chance(0.2);
    return { type: 'outcome', fence, outcome: random.pick(outcomes), policy: { ...policy, outage } };
  };
}

const histories = Array.from({ length: 400 }, (_, seed) =>
  store(drawInput(createSeededRandom(seed)), seed % 4 === 0 ? 3 : 1),
);

test('what the state machine has written is a run of it', () => {
  for (const history of histories) expect(replayHistory(history, settings)).toBeNull();
  const types = new Set(histories.flatMap(({ events }) => events.map(({ type }) => type)));
  expect(types.size).toBeGreaterThan(11);
});

const longest = histories.filter(({ events, attempts }) => events.length > 6 && attempts.length > 1);
const changeAt = <Item>(items: readonly Item[], index: number, change: (item: Item) => readonly Item[]): Item[] =>
  items.flatMap((item, position) => (position === index ? change(item) : [item]));
const typed = (history: StoredHistory, type: string) => history.events.findIndex((event) => event.type === type);

const tampering: Record<string, (history: StoredHistory) => StoredHistory | null> = {
  // One that was followed by a wait may as well not have begun.
  'an intent that is not on the timeline': (history) =>
    history.events[typed(history, 'publication.sent') + 1]?.type === 'publication.waiting'
      ? null
      : withoutEvent(history, 'publication.sent'),
  'a claim that is not on the timeline': (history) => withoutEvent(history, 'publication.claimed'),
  'an end that is not on the timeline': (history) => ({ ...history, events: history.events.slice(0, -1) }),
  'a send that is told twice': (history) => {
    const index = typed(history, 'publication.sent');
    return { ...history, events: changeAt(history.events, index, (event) => [event, event]) };
  },
  'two entries in the wrong order': (history) => {
    const index = typed(history, 'publication.sent');
    const [before, sent] = history.events.slice(index - 1, index + 1);
    if (before === undefined || sent === undefined) return null;
    return {
      ...history,
      events: [...history.events.slice(0, index - 1), sent, before, ...history.events.slice(index + 1)],
    };
  },
  'an attempt with another number': (history) => {
    const index = typed(history, 'publication.sent');
    const change = (event: StoredEvent) => [{ ...event, data: { ...event.data, attempt: 9 } }];
    return { ...history, events: changeAt(history.events, index, change) };
  },
  'a status that the entry did not lead to': (history) => {
    const change = (event: StoredEvent) => [{ ...event, data: { ...event.data, status: 'retrying' } }];
    return { ...history, events: changeAt(history.events, typed(history, 'publication.claimed'), change) };
  },
  'a send after it was not known what became of the one before': (history) => {
    const index = typed(history, 'publication.outcome_unknown');
    const sent = history.events.find(({ type }) => type === 'publication.sent');
    if (index < 0 || sent === undefined) return null;
    return { ...history, events: changeAt(history.events, index, (event) => [event, sent]) };
  },
  'an attempt that is missing': (history) => ({ ...history, attempts: history.attempts.slice(1) }),
  'an attempt that ended otherwise': (history) => ({
    ...history,
    attempts: changeAt(history.attempts, 0, (attempt) => [{ ...attempt, outcome: 'canceled' }]),
  }),
  'an attempt under another claim': (history) => ({
    ...history,
    attempts: changeAt(history.attempts, 0, (attempt) => [{ ...attempt, fence: attempt.fence + 50 }]),
  }),
  'a key that is missing': (history) => ({ ...history, steps: [] }),
  'a row with another count': (history) => ({
    ...history,
    row: { ...history.row, attempts: history.row.attempts + 1 },
  }),
  // Which of the looks at a wait that came again were claims is told by nothing.
  'a row with another fence': (history) =>
    history.row.toldWait === null && history.events.every(({ data }) => data['waited'] === undefined)
      ? { ...history, row: { ...history.row, fence: history.row.fence + 1 } }
      : null,
  'a part that is not on the timeline': (history) => withoutEvent(history, 'publication.part_published'),
  'a part that the row does not have': (history) =>
    history.row.parts.length === 0 ? null : { ...history, row: { ...history.row, parts: history.row.parts.slice(1) } },
  'a row that used a retry more': (history) => ({
    ...history,
    row: { ...history.row, retriesUsed: history.row.retriesUsed + 1 },
  }),
};

test.each(Object.entries(tampering))('%s is no run', (_what, tamper) => {
  const tampered = longest.flatMap((history) => tamper(history) ?? []);
  expect(tampered.length).toBeGreaterThan(5);
  for (const history of tampered) expect(replayHistory(history, settings)).not.toBeNull();
});

function withoutEvent(history: StoredHistory, type: string): StoredHistory | null {
  if (typed(history, type) < 0) return null;
  return { ...history, events: changeAt(history.events, typed(history, type), () => []) };
}
