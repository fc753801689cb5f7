import { PlatformError, type PlatformErrorKind } from '@vibetribe/platforms/port/platform-error';
import { expect, test } from 'vitest';
import { decideOutcome, type OutcomeFacts, somethingOfOurs, turnDown } from './decide-outcome.ts';
import { OwnTroubleError } from './own-trouble-error.ts';

/** Whether an earlier step is visible already, a send is open, an earlier send may have arrived; `-`: either. */
type When = `${'committed' | 'new' | '-'} ${'open' | 'closed' | '-'} ${'doubt' | 'sure' | '-'}`;

interface Row {
  readonly error: Error;
  readonly when: When;
  readonly becomes: object;
}

const platform = (kind: PlatformErrorKind, retryAfterMs: number | null = null, platformCode = 'code') =>
  new PlatformError(kind, 'It says no.', { platformCode, retryAfterMs });
const quietMs = 45_000;
const manual = { text: 'Hello', mediaUrls: [], composeUrl: null };
const unknown = (category: string, code = 'code') => ({ kind: 'unknown', fault: { category, code }, quietMs });
const rejected = (category: string) => ({
  kind: 'rejected',
  error: { category, code: 'code', message: 'It says no.', retryable: false, manual },
});
const retry = (category: string, retryAfterMs: number | null = null) => ({
  kind: 'retry',
  fault: { category, code: 'code', message: 'It says no.' },
  retryAfterMs,
});
const waits = (retryAfterMs: number) => ({ kind: 'wait', reason: 'rate_limit', retryAfterMs, detail: 'It says no.' });
const processing = (pollAfterMs: number) => ({
  kind: 'processing',
  pollAfterMs,
  detail: 'It says no.',
  committed: false,
});
const postponed = (detail: string) => ({ kind: 'postponed', reason: 'internal', detail, retryAfterMs: 2_000 });
const refusals = [
  ['permission', 'auth'],
  ['content', 'content'],
  ['policy', 'content'],
  ['not_found', 'platform'],
] as const;

const table: readonly Row[] = [
  { error: platform('ambiguous'), when: '- - -', becomes: unknown('unknown_outcome') },
  { error: platform('rate_limit'), when: '- - -', becomes: waits(60_000) },
  { error: platform('rate_limit', 5_000), when: '- - -', becomes: waits(5_000) },
  { error: platform('quota'), when: '- - -', becomes: waits(3_600_000) },
  { error: platform('quota', 5_000), when: '- - -', becomes: waits(5_000) },
  { error: platform('media_processing'), when: '- - -', becomes: processing(5_000) },
  { error: platform('media_processing', 1_900), when: '- - -', becomes: processing(1_900) },
  {
    error: platform('auth_revoked'),
    when: '- - -',
    becomes: {
      kind: 'postponed',
      reason: 'token',
      retryAfterMs: null,
      detail: 'The account must be connected again; then it goes out.',
    },
  },
  { error: platform('auth_expired'), when: '- - -', becomes: retry('auth') },
  { error: platform('network'), when: '- - -', becomes: retry('network') },
  { error: platform('unavailable', 7_000), when: '- - -', becomes: retry('platform', 7_000) },
  ...refusals.flatMap(([kind, category]): Row[] => [
    { error: platform(kind), when: 'new - -', becomes: rejected(category) },
    { error: platform(kind), when: 'committed - -', becomes: retry(category) },
  ]),
  { error: platform('duplicate'), when: 'new - sure', becomes: rejected('content') },
  { error: platform('duplicate'), when: 'committed - sure', becomes: retry('content') },
  {
    error: platform('duplicate'),
    when: '- - doubt',
    becomes: { ...unknown('unknown_outcome'), evidence: expect.stringContaining('must have arrived') },
  },
  ...['late_fence', 'held_up', 'body_unreadable', 'body_length', 'EMFILE', 'ENOMEM'].map((code): Row => ({
    error: platform('network', null, code),
    when: '- - -',
    becomes: postponed(expect.stringMatching(/^\p{Lu}.+\.$/u)),
  })),
  {
    error: platform('ambiguous', null, 'body_unreadable'),
    when: '- - -',
    becomes: unknown('unknown_outcome', 'body_unreadable'),
  },
  { error: new OwnTroubleError('The disk is full.'), when: '- - -', becomes: postponed('The disk is full.') },
  { error: new TypeError('a bug'), when: '- closed -', becomes: postponed('Something on our side does not work.') },
  { error: new TypeError('a bug'), when: '- open -', becomes: unknown('unknown_outcome', 'internal') },
];

const cases = table.flatMap((row) => {
  const [isCommitted, isOpen, isInDoubt] = row.when.split(' ');
  return [true, false].flatMap((committed) =>
    [true, false].flatMap((intentOpen) =>
      [true, false].flatMap((earlierInDoubt) => {
        const isMeant =
          meets(isCommitted, 'committed', committed) &&
          meets(isOpen, 'open', intentOpen) &&
          meets(isInDoubt, 'doubt', earlierInDoubt);
        return isMeant ? [{ row, facts: factsOf({ committed, intentOpen, earlierInDoubt }) }] : [];
      }),
    ),
  );
});

function meets(wanted: string | undefined, yes: string, is: boolean): boolean {
  return wanted === '-' || (wanted === yes) === is;
}

function factsOf(some: Partial<OutcomeFacts>): OutcomeFacts {
  return {
    intentOpen: false,
    committed: false,
    earlierInDoubt: false,
    silenceIsUnknown: true,
    quietMs,
    lateByMs: 0,
    manual,
    ...some,
  };
}

test('the table has every kind of error in every situation', () => {
  const kinds: Record<PlatformErrorKind, true> = {
    auth_expired: true,
    auth_revoked: true,
    permission: true,
    rate_limit: true,
    quota: true,
    content: true,
    policy: true,
    duplicate: true,
    not_found: true,
    media_processing: true,
    unavailable: true,
    network: true,
    ambiguous: true,
  };
  for (const kind of Object.keys(kinds)) {
    const own = cases.filter(({ row }) => row.error instanceof PlatformError && row.error.kind === kind);
    const situations = own.map(({ facts }) => `${facts.committed} ${facts.intentOpen} ${facts.earlierInDoubt}`);
    expect(new Set(situations).size, kind).toBe(8);
  }
});

test.each(cases)('$row.error.kind $row.error.platformCode, $row.when', ({ row, facts }) => {
  const outcome = decideOutcome(row.error, facts);
  expect(outcome).toMatchObject(row.becomes);
  if (outcome.kind === 'postponed') expect(outcome.committed).toBe(facts.committed);
});

test.each([
  [-5_000, 2_000],
  [8_000, 2_000],
  [8_004, 2_001],
  [40_000, 10_000],
  [239_996, 59_999],
  [240_000, 60_000],
  [86_400_000, 60_000],
])('own trouble: what is %d ms late is looked at again after %d ms', (lateByMs, retryAfterMs) => {
  expect(decideOutcome(new Error('a bug'), factsOf({ lateByMs }))).toMatchObject({ kind: 'postponed', retryAfterMs });
});

test('silence is retried in the ablation alone', () => {
  expect(
    decideOutcome(platform('ambiguous', 3_000), factsOf({ silenceIsUnknown: false, intentOpen: true })),
  ).toMatchObject(retry('unknown_outcome', 3_000));
});

test.each([
  [0, 60_000],
  [240_000, 60_000],
  [240_004, 60_001],
  [14_400_000, 3_600_000],
  [86_400_000, 3_600_000],
])('a limit without a time: what is %d ms late is looked at again after %d ms', (lateByMs, retryAfterMs) => {
  expect(decideOutcome(platform('rate_limit'), factsOf({ lateByMs }))).toMatchObject(waits(retryAfterMs));
});

test('a repeat that is refused as the duplicate of a named post is that post, where an earlier send may have made it', () => {
  const duplicateOf = { platformPostId: 'p9', url: null, reference: 'cid' };
  const named = new PlatformError('duplicate', 'It says no.', { platformCode: 'code', duplicateOf });
  expect(decideOutcome(named, factsOf({ earlierInDoubt: true }))).toEqual({
    kind: 'published',
    ...duplicateOf,
    evidence: 'it refused a repeat as a duplicate of p9, which an earlier send must have made',
  });
  expect(decideOutcome(named, factsOf({}))).toEqual(rejected('content'));
});

test('an account that is gone waits to be connected again, whatever the kind of its error, and says why', () => {
  for (const kind of ['permission', 'auth_revoked', 'ambiguous'] as const) {
    const error = new PlatformError(kind, 'The account is deactivated', {
      platformCode: 'code',
      accountGone: 'is deactivated',
    });
    for (const committed of [true, false])
      expect(decideOutcome(error, factsOf({ committed }))).toEqual({
        kind: 'postponed',
        reason: 'token',
        retryAfterMs: null,
        detail: 'The account is deactivated. Once it is connected again, it goes out.',
        committed,
      });
  }
});

test.each([
  ['auth_expired', 'auth'],
  ['auth_revoked', 'auth'],
  ['rate_limit', 'rate_limit'],
  ['quota', 'rate_limit'],
  ['media_processing', 'platform'],
  ...refusals,
] as const)('what a platform turns down as %s after it took it is rejected for good, as %s', (kind, category) => {
  expect(turnDown(platform(kind), manual)).toEqual({ ...rejected(category), turnedDown: true });
});

test('of an unknown outcome after a bug, the message says that it was ours', () => {
  expect(decideOutcome(new TypeError('a bug'), factsOf({ intentOpen: true }))).toMatchObject({
    fault: { message: somethingOfOurs },
  });
});
