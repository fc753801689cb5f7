import { expect, test } from 'vitest';
import { checkHistory } from './check-history.ts';
import {
  type FinalPublication,
  type History,
  type VisiblePost,
  neverMs,
  type Operation,
  type StopRecord,
  textOf,
} from './history.ts';
import { requestKey } from './stand-in/site-memory.ts';

const ada = { accountId: 'a1', organizationId: 'ada', platform: 'x', hostName: 'x', handle: 'ada', externalId: '1' };
const adaToo = {
  accountId: 'a2',
  organizationId: 'ada',
  platform: 'mastodon',
  hostName: 'mastodon',
  handle: 'ada',
  externalId: '1',
};
const bob = { accountId: 'b1', organizationId: 'bob', platform: 'x', hostName: 'x', handle: 'bob', externalId: '2' };

const created: Operation = {
  kind: 'create',
  organizationId: 'ada',
  token: 't-1',
  postId: 'p1',
  startedAtMs: 1_000,
  endedAtMs: 1_100,
  result: 'ok',
  accountIds: ['a1'],
  revision: 1,
  dueAtMs: 5_000,
};
const line: VisiblePost = { platform: 'x', externalId: '1', id: '77', text: textOf('t-1', 1), receivedAtMs: 5_100 };
const published: FinalPublication = {
  accountId: 'a1',
  status: 'published',
  platformPostId: '77',
  parts: ['77'],
  attempts: 1,
  waitingFor: null,
  error: null,
};

/** One post that went out as it should, and what the test changes about it. */
function historyWith(change: {
  operations?: readonly Operation[];
  visible?: readonly VisiblePost[];
  publication?: Partial<FinalPublication>;
  posts?: History['posts'];
  commits?: number;
  stops?: readonly StopRecord[];
  disconnects?: History['disconnects'];
  clockPeriods?: History['clockPeriods'];
  requests?: History['requests'];
  foreignStops?: readonly string[];
}): History {
  const visible = change.visible ?? [line];
  return {
    accounts: [ada, adaToo, bob],
    operations: change.operations ?? [created],
    stops: change.stops ?? [],
    faults: [],
    visible,
    commits: change.commits ?? visible.length,
    disconnects: change.disconnects ?? [],
    clockPeriods: change.clockPeriods ?? [],
    requests: change.requests ?? null,
    foreignStops: change.foreignStops ?? [],
    posts: change.posts ?? [finalPost({ ...published, ...change.publication })],
  };
}

function finalPost(publication: FinalPublication, organizationId = 'ada'): History['posts'][number] {
  return { organizationId, postId: 'p1', content: textOf('t-1', 1), publications: [publication] };
}

function refusedFor(category: string, message = 'Refused.'): FinalPublication['error'] {
  return { category, code: 'test', message };
}

const duplicate = 'The platform refused a repeat as a duplicate, so an earlier send must have arrived.';

function kindsOf(history: History): string[] {
  return checkHistory(history).map(({ kind }) => kind);
}

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

const thread: Operation = { ...created, parts: 2 };
const answer: VisiblePost = { ...line, id: '78', text: textOf('t-1', 1, 1), receivedAtMs: 5_200, replyTo: '77' };
const refusedPart = { status: 'failed', parts: ['77', null], attempts: 2, error: refusedFor('auth') } as const;

test.each<[string, { visible: VisiblePost[]; publication?: Partial<FinalPublication> }, string[]]>([
  ['both out, in order', { visible: [line, answer] }, []],
  ['the second twice', { visible: [line, answer, { ...answer, id: '79' }] }, ['duplicated']],
  ['the second missing', { visible: [line] }, ['phantom']],
  ['the second under another name', { visible: [line, { ...answer, id: '79' }] }, ['phantom']],
  ['the second alone', { visible: [answer] }, ['unexpected', 'phantom']],
  ['the second first', { visible: [line, { ...answer, receivedAtMs: 5_050 }] }, ['unexpected']],
  ['an answer to another post', { visible: [line, { ...answer, replyTo: '76' }] }, ['unexpected']],
  ['of two versions', { visible: [line, { ...answer, text: textOf('t-1', 2, 1) }] }, ['unexpected', 'unexpected']],
  ['failed at the second, the first up', { visible: [line], publication: refusedPart }, []],
  ['failed at the second, and it is out', { visible: [line, answer], publication: refusedPart }, ['unexpected']],
  ['failed at the second, and the first is not there', { visible: [], publication: refusedPart }, ['phantom']],
])('a thread: %s', (_what, { visible, publication = {} }, kinds) => {
  const whole = { parts: ['77', '78'], attempts: 2, ...publication };
  expect(kindsOf(historyWith({ operations: [thread], visible, publication: whole }))).toEqual(kinds);
});

const twin: Operation = { ...created, token: 't-2', isTwin: true };
const bobsTwin: Operation = { ...twin, organizationId: 'bob', postId: 'p2', accountIds: ['b2'] };
const shared = { ...bob, accountId: 'b2', externalId: '1' };
const twinLine = (id: string): VisiblePost => ({ ...line, id, text: textOf('t-2', 1) });
const twinPost = (organizationId: string, accountId: string, change: Partial<FinalPublication>) => ({
  organizationId,
  postId: `post of ${organizationId}`,
  content: textOf('t-2', 1),
  publications: [{ ...published, accountId, ...change }],
});

test.each<[string, { ids: string[]; visible: string[]; second?: Partial<FinalPublication> }, string[]]>([
  ['each with a post of its own', { ids: ['1', '2'], visible: ['1', '2'] }, []],
  ['one taken for both', { ids: ['1', '1'], visible: ['1'] }, ['lost']],
  ['three posts of two', { ids: ['1', '2'], visible: ['1', '2', '3'] }, ['duplicated']],
  [
    'one that says it failed and is out',
    { ids: ['1', '2'], visible: ['1', '2'], second: { status: 'failed', error: refusedFor('auth') } },
    ['unexpected'],
  ],
  ['one that is not there', { ids: ['1', '2'], visible: ['1'] }, ['phantom']],
])('two posts of the same text on an account of two organizations: %s', (_what, { ids, visible, second }, kinds) => {
  const history = historyWith({ operations: [twin, bobsTwin], visible: visible.map(twinLine), posts: [] });
  const posts = [
    twinPost('ada', 'a1', { platformPostId: ids[0] ?? null }),
    twinPost('bob', 'b2', { platformPostId: ids[1] ?? null, ...second }),
  ];
  expect(kindsOf({ ...history, accounts: [ada, shared], posts })).toEqual(kinds);
});
