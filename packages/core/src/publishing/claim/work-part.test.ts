import { expect, test } from 'vitest';
import { newPublication } from '../state/publication-state.ts';
import type { StoredStep } from './publication-work.ts';
import { isOut, nextPart, openPart, positionOfPart, storedName } from './work-part.ts';

const content = (text: string) => ({ text, options: {} });
const post = { kind: 'post', content: content('one'), mediaIds: ['m1'] } as const;
const reply = { kind: 'reply', content: content('two'), mediaIds: [] } as const;
const third = { kind: 'reply', content: content('three'), mediaIds: ['m3'] } as const;
const comment = { kind: 'comment', content: content('first!'), mediaIds: [] } as const;
const step = (name: string): StoredStep => ({
  name,
  effect: 'once',
  key: null,
  keyed: false,
  result: null,
  done: true,
});
const allSteps = ['publish', 'a part 2: odd', 'part 2: publish', 'part 2: part 9: odd', 'part 12: publish'].map(step);
const out = (platformPostId: string | null, reference: string | null = null) => ({
  platformPostId,
  url: null,
  reference,
  publishedAtMs: 1,
});
const work = { publicationId: 'pub', parts: [post, reply, third, comment] as const, allSteps };
const after = (...parts: ReturnType<typeof out>[]) => ({ ...newPublication, parts });

test('the first part has the publication’s id and its adapter’s own steps', () => {
  const expected = { part: { index: 0, kind: 'post', id: 'pub', replyTo: null }, content: post.content };
  expect(openPart({ ...work, parts: [...work.parts] }, after())).toEqual({
    ...expected,
    mediaIds: ['m1'],
    steps: [step('publish'), step('a part 2: odd')],
  });
});

test('a second part answers the first, with the steps that are its own', () => {
  const root = { platformPostId: 'a', url: null, reference: 'cid' };
  expect(openPart({ ...work, parts: [...work.parts] }, after(out('a', 'cid')))).toEqual({
    part: { index: 1, kind: 'reply', id: 'pub/1', replyTo: { root, parent: root } },
    content: reply.content,
    mediaIds: [],
    steps: [step('publish'), step('part 9: odd')],
  });
});

test.each([
  ['a third part answers the second', [out('a'), out(null)], 2, { root: 'a', parent: '' }],
  ['a comment stands below the post', [out('a'), out('b'), out('c')], 3, { root: 'a', parent: 'a' }],
  [
    'what is out altogether stays at its last part',
    [out('a'), out('b'), out('c'), out('d')],
    3,
    { root: 'a', parent: 'a' },
  ],
] as const)('%s', (_name, parts, index, { root, parent }) => {
  const { part } = openPart({ ...work, parts: [...work.parts] }, after(...parts));
  expect(part).toMatchObject({
    index,
    replyTo: { root: { platformPostId: root }, parent: { platformPostId: parent } },
  });
  expect(part.replyTo?.root).not.toHaveProperty('reference');
});

test('of twelve parts the last has its own steps', () => {
  const parts = [post, ...Array.from({ length: 11 }, () => reply)] as const;
  const out11 = Array.from({ length: 11 }, (_, index) => out(`p${index}`));
  expect(openPart({ ...work, parts: [...parts] }, after(...out11))).toMatchObject({
    part: { index: 11, id: 'pub/11' },
    steps: [step('publish')],
  });
});

test('a last part that is out itself answers the one before it', () => {
  const { part } = openPart({ ...work, parts: [post, reply] }, after(out('a'), out('b')));
  expect(part).toMatchObject({ index: 1, replyTo: { parent: { platformPostId: 'a' } } });
});

test('a part whose one before has no name answers nothing', () => {
  expect(openPart({ ...work, parts: [reply] }, after()).part.replyTo).toBeNull();
});

test.each([
  ['at the next part', { fence: 1, leaseUntilMs: 9, parts: [out('a')] }, true],
  ['its lease gone', { fence: 1, leaseUntilMs: null, parts: [out('a')] }, false],
  ['under another fence', { fence: 2, leaseUntilMs: 9, parts: [out('a')] }, false],
  ['through all parts', { fence: 1, leaseUntilMs: 9, parts: [out('a'), out('b'), out('c'), out('d')] }, false],
] as const)('a claim goes on: %s', (_name, change, goesOn) => {
  const state = { ...newPublication, ...change };
  const claimed = { ...work, fence: 1 } as unknown as Parameters<typeof nextPart>[0];
  const next = nextPart(claimed, state);
  expect(next === null ? null : [next.part.index, next.state]).toEqual(goesOn ? [1, state] : null);
});

test.each([
  [0, [], false],
  [0, [out('a')], true],
  [1, [out('a')], false],
] as const)('part %i of what has %j out is out: %s', (index, parts, isThere) => {
  expect(isOut({ part: { index, kind: 'post', id: 'pub', replyTo: null }, state: after(...parts) })).toBe(isThere);
});

test.each([
  ['alone', 0, 1, {}],
  ['first of two', 0, 2, { part: { index: 0, isLast: false, leaseMs: 7 } }],
  ['last of two', 1, 2, { part: { index: 1, isLast: true, leaseMs: 7 } }],
] as const)('where a part stands: %s', (_name, index, count, position) => {
  const parts = [post, ...Array.from({ length: count - 1 }, () => reply)] as const;
  const part = { index, kind: 'post', id: 'pub', replyTo: null } as const;
  expect(positionOfPart({ part, parts: [...parts] }, 7)).toEqual(position);
});

test.each([
  [0, 'publish'],
  [1, 'part 2: publish'],
] as const)('a step of part %i is stored as %s', (index, name) => {
  expect(storedName({ part: { index, kind: 'post', id: 'pub', replyTo: null } }, 'publish')).toBe(name);
});
