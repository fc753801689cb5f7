import { expect, test } from 'vitest';
import { checkHistory } from './check-history.ts';
import { type FinalPublication, type History, type Operation, textOf, type VisiblePost } from './history.ts';

const ada = { accountId: 'a1', organizationId: 'ada', platform: 'x', hostName: 'x', handle: 'ada', externalId: '1' };
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
const canceled: Operation = {
  ...created,
  kind: 'cancel',
  startedAtMs: 4_000,
  endedAtMs: 4_100,
  canceledAccountIds: ['a1'],
};
const line: VisiblePost = { platform: 'x', externalId: '1', id: '77', text: textOf('t-1', 1), receivedAtMs: 5_100 };
const end: FinalPublication = {
  accountId: 'a1',
  status: 'published',
  platformPostId: '77',
  parts: ['77'],
  attempts: 1,
  waitingFor: null,
  error: null,
};
const calledOff = { ...end, status: 'canceled', platformPostId: null, parts: [null], attempts: 0 };
/** The backup is of after the creation; what was said and sent since is gone. */
const rewinds = [{ fromMs: 3_500, untilMs: 8_000 }];

function kindsOf(change: Partial<History>, publications: readonly FinalPublication[]): string[] {
  const visible = change.visible ?? [line];
  const posts = [{ organizationId: 'ada', postId: 'p1', content: textOf('t-1', 1), publications }];
  return checkHistory({
    accounts: [ada],
    operations: [created],
    stops: [],
    faults: [],
    commits: visible.length,
    posts: publications.length === 0 ? [] : posts,
    disconnects: [],
    clockPeriods: [],
    requests: null,
    foreignStops: [],
    ...change,
    visible,
  }).map(({ kind }) => kind);
}

test.each<[string, Partial<History>, readonly FinalPublication[], string[]]>([
  ['a post that was made since may be gone', { rewinds: [{ fromMs: 900, untilMs: 8_000 }] }, [], []],
  ['a post that was made before may not', { rewinds }, [], ['lost']],
  ['a cancel of since may not hold', { rewinds, operations: [created, canceled] }, [end], []],
  [
    'one of before holds',
    { rewinds: [{ fromMs: 4_200, untilMs: 8_000 }], operations: [created, canceled] },
    [end],
    ['dishonest_cancel'],
  ],
  [
    'what was out since may not go out again',
    { rewinds, visible: [line, { ...line, id: '78' }] },
    [end],
    ['duplicated'],
  ],
  [
    'what the operator called off, as it was out, is canceled and visible',
    { rewinds, operatorCancels: [{ token: 't-1', accountId: 'a1', atMs: 9_000 }] },
    [calledOff],
    [],
  ],
  [
    'what a client called off since may be out, as the database had forgotten it',
    { rewinds, operations: [created, { ...canceled, startedAtMs: 9_000, endedAtMs: 9_100 }] },
    [calledOff],
    [],
  ],
  [
    'what was called off as its account was disconnected since may be out for the same reason',
    { rewinds, disconnects: [{ accountId: 'a1', fromMs: 9_000, untilMs: 9_100 }] },
    [calledOff],
    [],
  ],
  [
    'that of a disconnection before may not',
    { rewinds, disconnects: [{ accountId: 'a1', fromMs: 3_000, untilMs: 3_400 }] },
    [calledOff],
    ['dishonest_cancel'],
  ],
  [
    'what a client edited since may be out as it was before',
    {
      rewinds,
      operations: [
        { ...created, revision: 1 },
        { ...created, kind: 'edit', startedAtMs: 8_500, endedAtMs: 9_100, revision: 2, dueAtMs: 20_000 },
      ],
      operatorCancels: [{ token: 't-1', accountId: 'a1', atMs: 9_500 }],
    },
    [calledOff],
    [],
  ],
  [
    'a send that came late, around it, is counted no more',
    { rewinds: [{ fromMs: 200_000, untilMs: 204_000 }], visible: [{ ...line, receivedAtMs: 202_000 }] },
    [{ ...end, attempts: 0 }],
    [],
  ],
  [
    'one long before is',
    { rewinds: [{ fromMs: 200_000, untilMs: 204_000 }] },
    [{ ...end, attempts: 0 }],
    ['miscounted'],
  ],
  ['what nobody called off is not', { rewinds }, [calledOff], ['dishonest_cancel']],
])('after a database went back: %s', (_what, change, publications, kinds) => {
  expect(kindsOf(change, publications)).toEqual(kinds);
});
