import { expect, test } from 'vitest';
import { type FinalPublication, type VisiblePost, type Operation, textOf } from './history.ts';
import { ada, bob, created, line, published, historyWith, refusedFor, kindsOf, answer } from './test-history.ts';

const thread: Operation = { ...created, parts: 2 };
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
