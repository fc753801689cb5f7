import { WaitingReason } from '@vibetribe/contracts/publication-status';
import { describe, expect, test } from 'vitest';
import type { Finding, Outcome, PublicationInput } from './publication-input.ts';
import { newPublication, type PublicationState } from './publication-state.ts';
import { transition } from './reducer.ts';
import type { TimelineEntry } from './transition.ts';

const fault = { category: 'network', code: 'test', message: 'The platform said no' } as const;
const policy = {
  retryDelaysMs: [1_000],
  jitter: 0,
  outage: false,
  manual: null,
  quietMs: 1_000,
  absentReadsRequired: 1,
  absentSpacingMs: 1_000,
};

/** What happens to one publication, by the database's clock, and what its timeline tells of it. */
function play(start: PublicationState = newPublication) {
  let state = start;
  let nowMs = Date.parse('2026-11-27T10:00:00Z');
  const told: TimelineEntry[] = [];
  const notified: string[] = [];
  const step = (input: PublicationInput) => {
    const taken = transition(state, input, (nowMs += 1_000));
    if (taken.kind === 'refused') throw new Error(`${input.type}: ${taken.reason}`);
    state = taken.state;
    told.push(...taken.events);
    notified.push(...taken.notifications.map(({ body }) => body));
  };
  const played = {
    state: () => state,
    told,
    notified,
    types: () => told.map(({ type }) => type.replace('publication.', '')),
    step,
    schedule: () => step({ type: 'schedule', atMs: nowMs + 1_000 }),
    claim: () => {
      nowMs = Math.max(nowMs, state.dueAtMs ?? 0);
      step({ type: 'claim', leaseMs: 60_000, gate: { kind: 'go' } });
    },
    intend: () => step({ type: 'intend', fence: state.fence, leaseMs: 60_000 }),
    expire: () => {
      nowMs = Math.max(nowMs, state.leaseUntilMs ?? 0);
      step({ type: 'lease_expired', policy });
    },
    end: (outcome: Outcome) => step({ type: 'outcome', fence: state.fence, outcome, policy }),
    find: (finding: Finding) => step({ type: 'finding', fence: state.fence, finding, policy }),
  };
  return played;
}

const waits = (reason: 'token' | 'internal' | 'rate_limit', detail = 'It has to wait'): Outcome => ({
  kind: 'wait',
  reason,
  retryAfterMs: 5_000,
  detail,
});

describe('a wait that comes again for the same reason', () => {
  test.each(['token', 'internal', 'rate_limit'] as const)(
    '%s: is one entry, and what ends it says how often',
    (reason) => {
      const post = play();
      post.schedule();
      for (let turn = 0; turn < 50; turn += 1) {
        post.claim();
        post.end(waits(reason));
      }
      expect(post.types()).toEqual(['scheduled', 'claimed', 'waiting']);
      expect(post.state().toldWait).toMatchObject({ reason, times: 50 });
      post.claim();
      post.intend();
      post.end({ kind: 'published', platformPostId: 'p', url: null });
      expect(post.types()).toEqual(['scheduled', 'claimed', 'waiting', 'claimed', 'sent', 'published']);
      expect(post.told[3]?.data).toMatchObject({ waited: { times: 50 } });
      expect(post.state().toldWait).toBeNull();
    },
  );

  test('a poll that finds it still being processed, and a platform that does not answer a question, likewise', () => {
    const post = play();
    post.schedule();
    post.claim();
    post.intend();
    for (let turn = 0; turn < 20; turn += 1) {
      post.end({ kind: 'processing', pollAfterMs: 1_000, detail: 'Encoding', committed: false });
      post.claim();
    }
    post.intend();
    post.end({ kind: 'unknown', fault, quietMs: 1_000 });
    for (let turn = 0; turn < 20; turn += 1) {
      post.claim();
      post.find({ kind: 'no_answer', detail: 'Nobody answers', retryAfterMs: null, needsReconnect: false });
    }
    post.claim();
    post.find({ kind: 'found', platformPostId: 'p', url: null, evidence: 'it is there' });
    expect(post.types()).toEqual(
      'scheduled claimed sent waiting claimed sent outcome_unknown claimed reconciled claimed reconciled published'.split(
        ' ',
      ),
    );
    expect([4, 9].map((index) => post.told[index]?.data)).toMatchObject([
      { waited: { times: 20 } },
      { waited: { times: 20 } },
    ]);
  });

  test.each([
    { what: 'before anything is sent', told: ['scheduled', 'claimed', 'lease_expired'], asks: false },
    {
      what: 'while asking the platform',
      told: ['scheduled', 'claimed', 'sent', 'outcome_unknown', 'claimed', 'lease_expired'],
      asks: true,
    },
  ])('one publisher after the other that stops $what, likewise', ({ told, asks }) => {
    const post = play();
    post.schedule();
    if (asks) {
      post.claim();
      post.intend();
      post.end({ kind: 'unknown', fault, quietMs: 1_000 });
    }
    for (let turn = 0; turn < 20; turn += 1) {
      post.claim();
      post.expire();
    }
    expect(post.types()).toEqual(told);
    post.claim();
    if (asks) post.find({ kind: 'found', platformPostId: 'p', url: null, evidence: 'it is there' });
    else post.intend();
    expect(post.types().slice(told.length)).toEqual(
      asks ? ['claimed', 'reconciled', 'published'] : ['claimed', 'sent'],
    );
    expect(post.told[told.length]?.data).toMatchObject({ waited: { times: 20 } });
  });

  test('a platform that does not show it yet, look after look, likewise', () => {
    const post = play();
    post.schedule();
    post.claim();
    post.intend();
    post.end({ kind: 'unknown', fault, quietMs: 1_000 });
    for (let turn = 1; turn < 5; turn += 1) {
      post.claim();
      post.find({ kind: 'not_seen', evidence: `none of ${turn} posts`, doubt: 'It may be there' });
    }
    expect(post.types().slice(4)).toEqual(['claimed', 'reconciled', 'claimed', 'unconfirmed']);
    expect(post.told[6]?.data).toMatchObject({ waited: { times: 3 } });
  });

  test('breaker: a post that finds the platform down again and again before it sends anything, likewise', () => {
    const post = play();
    const outcome = { kind: 'retry', fault, retryAfterMs: null } as const;
    post.schedule();
    for (let turn = 0; turn < 50; turn += 1) {
      post.claim();
      post.step({ type: 'outcome', fence: post.state().fence, outcome, policy: { ...policy, outage: true } });
    }
    expect(post.types()).toEqual(['scheduled', 'claimed', 'waiting']);
    post.claim();
    post.intend();
    expect(post.types()).toEqual(['scheduled', 'claimed', 'waiting', 'claimed', 'sent']);
    expect(post.told[3]?.data).toMatchObject({ waited: { times: 50 } });
  });

  test('is told anew where the reason is another one, or a send lies between', () => {
    const post = play();
    post.schedule();
    post.claim();
    post.end(waits('token', 'No token.'));
    post.claim();
    post.end(waits('token', 'The platform does not renew it.'));
    for (let turn = 0; turn < 2; turn += 1) {
      post.claim();
      post.intend();
      post.end(waits('rate_limit'));
    }
    expect(post.types()).toEqual(
      'scheduled claimed waiting claimed waiting claimed sent waiting claimed sent waiting'.split(' '),
    );
  });

  test('is ended on the timeline by whatever follows: a publisher that dies, a person, another time', () => {
    const held = () => {
      const post = play();
      post.schedule();
      for (let turn = 0; turn < 3; turn += 1) {
        post.claim();
        post.end(waits('token'));
      }
      return post;
    };
    const dead = held();
    dead.claim();
    expect(dead.types().at(-1)).toBe('waiting');
    const { leaseUntilMs } = dead.state();
    const taken = transition(dead.state(), { type: 'lease_expired', policy }, leaseUntilMs ?? 0);
    expect(taken).toMatchObject({ events: [{ type: 'publication.claimed', data: { waited: { times: 3 } } }, {}] });
    for (const type of ['cancel', 'publish_now', 'unschedule'] as const) {
      const post = held();
      post.step({ type });
      expect(post.told.at(-1)?.data).toMatchObject({ waited: { times: 3 } });
    }
  });
});

describe('every sentence on a timeline has an end', () => {
  const texts = ['The platform said no', 'The platform said no.', 'Did it?', 'it said "no"', 'Non！', 'too fast (429)'];
  const outcomesOf = (said: string): Outcome[] => [
    { kind: 'processing', pollAfterMs: 1, detail: said, committed: false },
    { kind: 'retry', fault: { ...fault, message: said }, retryAfterMs: null },
    ...WaitingReason.options.map((reason): Outcome => ({ kind: 'wait', reason, retryAfterMs: null, detail: said })),
    { kind: 'wait', reason: 'rate_limit', retryAfterMs: 1_000, detail: said },
    { kind: 'postponed', reason: 'internal', detail: said, retryAfterMs: 1, committed: false },
    { kind: 'rejected', error: { ...fault, message: said, retryable: false, manual: null } },
    { kind: 'unknown', fault: { ...fault, message: said }, quietMs: 1, evidence: said },
  ];
  const findingsOf = (said: string): Finding[] => [
    { kind: 'found', platformPostId: 'p', url: null, evidence: said },
    { kind: 'not_seen', evidence: said },
    { kind: 'not_seen', evidence: said, doubt: said },
    { kind: 'inconclusive', evidence: said },
    { kind: 'cannot_tell', evidence: said },
    { kind: 'no_answer', detail: said, retryAfterMs: null, needsReconnect: false },
    { kind: 'no_answer', detail: said, retryAfterMs: null, needsReconnect: true },
  ];

  test.each(texts)('whatever a platform or an adapter says: %s', (said) => {
    const shown: string[] = [];
    for (const outcome of outcomesOf(said)) {
      for (const begin of [{}, { committed: true }, { evidence: said }, { retriesUsed: 1 }]) {
        const sending = {
          ...newPublication,
          ...begin,
          status: 'publishing',
          fence: 1,
          leaseUntilMs: 9e15,
          attempts: 1,
          intentAtMs: 1,
        };
        shown.push(...textsOf(play(sending as PublicationState), (one) => one.end(outcome)));
      }
    }
    for (const finding of findingsOf(said)) {
      for (const begin of [
        {},
        { absentReads: 9 },
        { reconcileTries: 9 },
        { error: { ...fault, message: 'It failed.', retryable: true, manual: null } },
      ]) {
        const asking = {
          ...newPublication,
          ...begin,
          status: 'waiting',
          waiting: { reason: 'reconciling', detail: 'It is asked.' },
          fence: 1,
          leaseUntilMs: 9e15,
          attempts: 1,
          intentAtMs: 1,
        };
        shown.push(...textsOf(play(asking as PublicationState), (one) => one.find(finding)));
      }
    }
    for (const gate of WaitingReason.options.map(
      (reason) => ({ kind: 'wait', reason, untilMs: 1, detail: said }) as const,
    )) {
      const due = { ...newPublication, status: 'scheduled', dueAtMs: 1 } as const;
      shown.push(...textsOf(play(due), (one) => one.step({ type: 'claim', leaseMs: 1, gate })));
    }
    const runsOn = new RegExp(String.raw`${RegExp.escape(said)} \p{Lu}`, 'u');
    for (const text of shown) {
      expect(text).toMatch(/[.!?！]$/u);
      expect(text).not.toContain('..');
      if (!/[.?！]$/u.test(said)) expect(text).not.toMatch(runsOn);
    }
  });

  function textsOf(post: ReturnType<typeof play>, happen: (post: ReturnType<typeof play>) => void): string[] {
    happen(post);
    const { waiting, error } = post.state();
    const texts = [...post.told.map(({ message }) => message), ...post.notified, waiting?.detail, error?.message];
    return texts.filter((text) => text !== undefined);
  }
});
