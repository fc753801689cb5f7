import { expect, test } from 'vitest';
import { checkHistory } from './check-history.ts';
import { neverMs, type StopRecord, textOf } from './history.ts';
import { requestKey } from './stand-in/site-memory.ts';
import { created, line, published, historyWith, finalPost, refusedFor, kindsOf } from './test-history.ts';

const duplicate = 'The platform refused a repeat as a duplicate, so an earlier send must have arrived.';

const edit = { ...created, kind: 'edit', revision: 2, dueAtMs: 9_000, startedAtMs: 2_000, endedAtMs: 2_100 } as const;
const cancel = { ...created, kind: 'cancel', startedAtMs: 4_000, endedAtMs: 4_100 } as const;

const stop: StopRecord = { organizationId: 'ada', accountId: null, heldFromMs: 4_900, heldUntilMs: 6_000 };

test('a post that went out once, on time, as itself is no violation', () => {
  expect(checkHistory(historyWith({}))).toEqual([]);
});

test.each<[string, Parameters<typeof historyWith>[0], string[]]>([
  ['an acknowledged post that the API no longer has', { posts: [], visible: [] }, ['lost']],
  ['a publication that failed without a reason', { visible: [], publication: { status: 'failed' } }, ['unexplained']],
  ['a publication that nobody canceled', { visible: [], publication: { status: 'canceled' } }, ['lost']],
  ['an account that got no publication', { visible: [], publication: { accountId: 'a9' } }, ['lost']],
  ['a post that is visible twice', { visible: [line, { ...line, id: '78' }] }, ['duplicated']],
  ['a post that went out although its organization was stopped before it was due', { stops: [stop] }, ['not_stopped']],
  [
    'a post that went out although its account was stopped before it was due',
    { stops: [{ ...stop, accountId: 'a1' }] },
    ['not_stopped'],
  ],
  ['a post that was under way when the stop came', { stops: [{ ...stop, heldFromMs: 5_050 }] }, []],
  [
    'a post that appeared long after a stop, although it had been due before',
    { stops: [{ ...stop, heldFromMs: 5_001, underWayMsMax: 0 }] },
    ['not_stopped'],
  ],
  ['a post of another account than the stopped one', { stops: [{ ...stop, accountId: 'a2' }] }, []],
  ['a post after the stop was lifted', { stops: [{ ...stop, heldUntilMs: 5_100 }] }, []],
  ['a post that was accepted twice and shows once', { commits: 2 }, ['duplicated']],
  ['a creation that made two posts', { posts: [finalPost(published), finalPost(published)] }, ['duplicated']],
  ['a published post that nobody can see', { visible: [] }, ['phantom']],
  ['a published post under another id', { publication: { platformPostId: '99' } }, ['phantom']],
  ['a post that was never asked for', { visible: [line, { ...line, id: '78', text: 'spam' }] }, ['unexpected']],
  ['a post on an account it was not meant for', { visible: [line, { ...line, platform: 'mastodon' }] }, ['unexpected']],
  [
    'a text that an edit had replaced',
    { operations: [created, edit], visible: [{ ...line, receivedAtMs: 9_100 }] },
    ['unexpected'],
  ],
  ['a failed post that is visible', { publication: { status: 'failed', error: refusedFor('auth') } }, ['unexpected']],
  ['a post before its time', { visible: [{ ...line, receivedAtMs: 4_900 }] }, ['early']],
  [
    'an edited post before its new time',
    { operations: [created, edit], visible: [{ ...line, text: textOf('t-1', 2) }] },
    ['early'],
  ],
  [
    'a canceled post that is visible',
    { operations: [created, cancel], publication: { status: 'canceled' } },
    ['dishonest_cancel'],
  ],
  [
    'a post that a cancel called canceled and that went out',
    { operations: [created, { ...cancel, canceledAccountIds: ['a1'] }] },
    ['dishonest_cancel'],
  ],
  [
    'a post deleted before its time that is visible',
    { operations: [created, { ...cancel, kind: 'delete' }], posts: [] },
    ['dishonest_cancel'],
  ],
  [
    "a post on another organization's account",
    { visible: [line, { ...line, externalId: '2', id: '78' }] },
    ['crossed_tenants'],
  ],
  [
    'a post that another organization can read',
    { posts: [finalPost(published), finalPost(published, 'bob')] },
    ['crossed_tenants'],
  ],
  [
    'a post that failed for a reason that nobody asked for',
    { visible: [], publication: { status: 'failed', error: refusedFor('platform') } },
    ['unexplained'],
  ],
  [
    'a person is asked without a reason that is known',
    { publication: { status: 'unconfirmed', error: refusedFor('unknown_outcome', 'Hm.') } },
    ['unexplained'],
  ],
  ['a published post without an attempt', { publication: { attempts: 0 } }, ['miscounted']],
  ['a request that no attempt counts', { requests: new Map([[requestKey('1', textOf('t-1', 1)), 2]]) }, ['miscounted']],
  ['a skipped post that was not to be skipped', { visible: [], publication: { status: 'skipped' } }, ['lost']],
  ['a draft that was scheduled', { visible: [], publication: { status: 'draft', attempts: 0 } }, ['lost']],
  [
    'a post before its new time',
    { operations: [created, { ...edit, kind: 'reschedule' }], visible: [{ ...line, receivedAtMs: 5_100 }] },
    ['early'],
  ],
  ['a draft that went out', { operations: [created, { ...edit, kind: 'unschedule', dueAtMs: neverMs }] }, ['early']],
  ['a stop that nobody made', { foreignStops: ['The database has gone back in time.'] }, ['stuck']],
  [
    'a publication that never ends',
    {
      visible: [],
      publication: {
        status: 'waiting',
        waitingFor: { reason: 'reconciling', detail: 'It is asked again.', until: null },
      },
    },
    ['stuck'],
  ],
])('%s is found', (_what, change, kinds) => {
  expect(kindsOf(historyWith(change))).toEqual(kinds);
});

test.each<[string, Parameters<typeof historyWith>[0]]>([
  ['an edit whose answer was lost may hold or not', { operations: [created, { ...edit, result: 'unknown' }] }],
  ['a refused edit leaves the first text', { operations: [created, { ...edit, result: 'refused' }] }],
  [
    'publish-now makes it due at once',
    { operations: [created, { ...cancel, kind: 'publish_now' }], visible: [{ ...line, receivedAtMs: 4_050 }] },
  ],
  ['a cancel that came too late', { operations: [created, { ...cancel, result: 'refused' }] }],
  [
    'a person has to decide, for a reason that is told',
    { publication: { status: 'unconfirmed', error: refusedFor('unknown_outcome', duplicate) } },
  ],
  [
    'a draft that nobody has scheduled',
    { operations: [{ ...created, dueAtMs: neverMs }], visible: [], publication: { status: 'draft', attempts: 0 } },
  ],
  [
    'skipped, as its policy is',
    {
      operations: [{ ...created, misfire: { policy: 'skip', maxLateSeconds: 5 } }],
      visible: [],
      publication: { status: 'skipped', attempts: 0 },
    },
  ],
  [
    'canceled, as its account was disconnected',
    {
      disconnects: [{ accountId: 'a1', fromMs: 2_000, untilMs: 2_100 }],
      visible: [],
      publication: { status: 'canceled', attempts: 0 },
    },
  ],
  [
    'before its time by our clock, at its time by the database’s',
    { clockPeriods: [{ fromMs: 3_000, offsetMs: 2_000 }], visible: [{ ...line, receivedAtMs: 3_500 }] },
  ],
  ['a post of the same text that somebody made by hand', { visible: [line, { ...line, id: '78', byHand: true }] }],
  [
    'moved, and out at its new time',
    { operations: [created, { ...edit, kind: 'reschedule' }], visible: [{ ...line, receivedAtMs: 9_100 }] },
  ],
  [
    'a creation that was never acknowledged',
    { operations: [{ ...created, result: 'unknown' }], posts: [], visible: [] },
  ],
  [
    'failed, with its reason, and not visible',
    { visible: [], publication: { status: 'failed', error: refusedFor('auth') } },
  ],
  ['deleted after its time', { operations: [created, { ...cancel, kind: 'delete', endedAtMs: 5_200 }], posts: [] }],
])('no violation: %s', (_what, change) => {
  expect(checkHistory(historyWith(change))).toEqual([]);
});
