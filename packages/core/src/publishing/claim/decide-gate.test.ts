import type { Misfire } from '@vibetribe/contracts/post';
import { describe, expect, test } from 'vitest';
import { boundWait, decideGate, type GateFacts, isLate, type LimitFact } from './decide-gate.ts';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const free: LimitFact = { fullUntilMs: null, detail: 'free' };
const open: GateFacts = {
  nowMs,
  pausedBecause: null,
  accountUsable: true,
  calledOff: false,
  lateness: { scheduledAtMs: nowMs, counts: 'always', misfire: null },
  limit: free,
};
const lateness = (lateByMs: number, misfire: Misfire | null, counts: GateFacts['lateness']['counts'] = 'always') => ({
  lateness: { scheduledAtMs: nowMs - lateByMs, counts, misfire },
});

/** Each gate shut by itself, in the order in which a person is told of them. */
const gates: readonly { name: string; facts: Partial<GateFacts>; says: object }[] = [
  {
    name: 'called off',
    facts: { calledOff: true },
    says: {
      kind: 'skip',
      because: 'disconnected',
      detail: 'Its account was disconnected; it will not appear.',
    },
  },
  {
    name: 'paused',
    facts: { pausedBecause: 'crisis' },
    says: { kind: 'wait', reason: 'paused', untilMs: null, detail: 'Stopped: crisis.' },
  },
  {
    name: 'no usable account',
    facts: { accountUsable: false },
    says: {
      kind: 'wait',
      reason: 'token',
      untilMs: null,
      detail: 'The account must be connected again; then it goes out.',
    },
  },
  {
    name: 'too late',
    facts: lateness(61_000, { policy: 'skip' }),
    says: { kind: 'skip', because: 'misfire' },
  },
  {
    name: 'over a limit',
    facts: { limit: { fullUntilMs: nowMs + 5_000, detail: 'full' } },
    says: { kind: 'wait', reason: 'rate_limit', untilMs: nowMs + 5_000, detail: 'full' },
  },
];

describe('the gates of a send', () => {
  test('are open where nothing stands in the way', () => {
    expect(decideGate(open)).toEqual({ kind: 'go' });
  });

  test.each(gates)('$name alone', ({ facts, says }) => {
    expect(decideGate({ ...open, ...facts })).toMatchObject(says);
  });

  const pairs = gates.flatMap((one, index) => gates.slice(index + 1).map((other) => ({ one, other })));
  test.each(pairs)('$one.name goes before $other.name', ({ one, other }) => {
    expect(decideGate({ ...open, ...other.facts, ...one.facts })).toMatchObject(one.says);
  });
});

const dayMs = 86_400_000;
const asks = { kind: 'wait', reason: 'decision', untilMs: null };
const skips = { kind: 'skip', because: 'misfire' };

describe('misfire', () => {
  test.each([
    // Without a bound: a minute for those who do not want it late, a day for the others.
    [null, dayMs, asks],
    [{ policy: 'late' }, dayMs, asks],
    [{ policy: 'spread' }, dayMs, asks],
    [{ policy: 'skip' }, 60_000, skips],
    [{ policy: 'ask' }, 60_000, asks],
    // With one: that, for all four, below a minute too.
    [{ policy: 'late', maxLateSeconds: 3_600 }, 3_600_000, asks],
    [{ policy: 'spread', maxLateSeconds: 3_600 }, 3_600_000, asks],
    [{ policy: 'skip', maxLateSeconds: 3_600 }, 3_600_000, skips],
    [{ policy: 'ask', maxLateSeconds: 3_600 }, 3_600_000, asks],
    [{ policy: 'late', maxLateSeconds: 10 }, 10_000, asks],
    [{ policy: 'spread', maxLateSeconds: 10 }, 10_000, asks],
    [{ policy: 'skip', maxLateSeconds: 10 }, 10_000, skips],
    [{ policy: 'ask', maxLateSeconds: 10 }, 10_000, asks],
  ] as const)('%j lets go until %d ms after its time, and not later', (misfire, maxLateMs, after) => {
    expect(decideGate({ ...open, ...lateness(maxLateMs, misfire) })).toEqual({ kind: 'go' });
    expect(decideGate({ ...open, ...lateness(maxLateMs + 1, misfire) })).toMatchObject(after);
  });

  test.each([
    ['always', null, 2 * dayMs, asks],
    ['by_its_bound', null, 2 * dayMs, { kind: 'go' }],
    ['by_its_bound', { policy: 'skip' }, 2 * dayMs, { kind: 'go' }],
    ['by_its_bound', { policy: 'skip', maxLateSeconds: 60 }, 60_001, skips],
    ['never', { policy: 'skip', maxLateSeconds: 60 }, 2 * dayMs, { kind: 'go' }],
  ] as const)('lateness that counts %s, %j: after %d ms', (counts, misfire, lateByMs, says) => {
    expect(decideGate({ ...open, ...lateness(lateByMs, misfire, counts) })).toMatchObject(says);
  });

  test('a post without a time is never late', () => {
    const timeless = { lateness: { scheduledAtMs: null, counts: 'always', misfire: { policy: 'skip' } } } as const;
    expect(decideGate({ ...open, ...timeless })).toEqual({ kind: 'go' });
  });

  test.each([
    [61_900, '61 seconds late (due 2026-03-01T11:58:58.100Z)'],
    [119_999, '119 seconds late (due 2026-03-01T11:58:00.001Z)'],
    [120_000, '2 minutes late (due 2026-03-01T11:58:00.000Z)'],
    [150_000, '2 minutes late (due 2026-03-01T11:57:30.000Z)'],
  ])('%d ms are told as such', (lateByMs, words) => {
    expect(decideGate({ ...open, ...lateness(lateByMs, { policy: 'skip' }) })).toMatchObject({
      detail: `It is ${words}; its policy is to skip it then.`,
    });
  });
});

test('a person is asked with the time by which it is late', () => {
  expect(decideGate({ ...open, ...lateness(61_900, { policy: 'ask' }) })).toMatchObject({
    detail: 'It is 61 seconds late (due 2026-03-01T11:58:58.100Z); publish it or skip it?',
  });
});

test('more than a minute is late, and what has no time never is', () => {
  expect(isLate(nowMs - 60_000, nowMs)).toBe(false);
  expect(isLate(nowMs - 60_001, nowMs)).toBe(true);
  expect(isLate(null, nowMs)).toBe(false);
});

describe('a wait for the account', () => {
  const token = { kind: 'wait', reason: 'token', untilMs: null, detail: 'connect it' } as const;

  test('ends a moment after the post may be late no longer', () => {
    const facts = { nowMs, ...lateness(10_000, { policy: 'skip' }) };
    expect(boundWait(token, facts)).toEqual({ ...token, untilMs: nowMs - 10_000 + 60_000 + 1 });
  });

  test('is its misfire once that is over', () => {
    expect(boundWait(token, { nowMs, ...lateness(60_001, { policy: 'skip' }) })).toMatchObject(skips);
  });

  test('has no end where its lateness does not count or there is no time', () => {
    expect(boundWait(token, { nowMs, ...lateness(dayMs * 2, null, 'never') })).toEqual(token);
    const timeless = { scheduledAtMs: null, counts: 'always', misfire: null } as const;
    expect(boundWait(token, { nowMs, lateness: timeless })).toEqual(token);
  });

  test('is the only gate with such an end', () => {
    const late = { nowMs, ...lateness(dayMs * 2, { policy: 'skip' }) };
    expect(boundWait({ kind: 'go' }, late)).toEqual({ kind: 'go' });
    const paused = { ...token, reason: 'paused' } as const;
    expect(boundWait(paused, late)).toEqual(paused);
  });
});
