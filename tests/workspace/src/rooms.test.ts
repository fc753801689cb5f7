import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readRepositoryFile, repositoryFiles } from './repository.ts';

const core = 'packages/core/src';
const engine = `${core}/publishing`;

/** Who may import whom: each folder those before it, and no folder those after it. */
const stages = ['state', 'store', 'claim', 'record', 'send', 'reconcile', 'changes', 'dispatch'];
/** They look at the stages from outside, and no stage looks at them. */
const outside = ['model', 'testing'];

test("the engine's folders import in the order of its stages", () => {
  const sources = repositoryFiles().filter((path) => path.startsWith(`${engine}/`) && path.endsWith('.ts'));
  expect(sources.length).toBeGreaterThan(20);
  const folders = new Set(sources.flatMap((path) => roomIn(engine, path) ?? []));
  expect([...folders].toSorted()).toEqual([...stages, ...outside].toSorted());
  const imports = sources.filter((path) => !path.endsWith('.test.ts')).flatMap(importsOf);
  expect(imports.length).toBeGreaterThan(50);
  expect(imports.filter(isTurnedRound)).toEqual([]);
});

/** What the engine stands on beside its stages: each folder of core imports those before it alone. */
const foundations = ['content', 'cards'];

test('what the engine stands on does not import the engine, nor each other the wrong way round', () => {
  const sources = repositoryFiles().filter((path) => foundationOf(path) !== null && path.endsWith('.ts'));
  expect(new Set(sources.map(foundationOf))).toEqual(new Set(foundations));
  const imports = sources.filter((path) => !path.endsWith('.test.ts')).flatMap(importsOf);
  expect(imports.filter(isAboveFoundation)).toEqual([]);
});

/** The rooms of other folders, in the order of who may import whom. What else lies there stands above them. */
const houses: readonly (readonly [root: string, rooms: readonly string[]])[] = [
  [`${core}/posts`, ['store', 'read', 'check', 'create', 'edit', 'lifecycle', 'published']],
  [`${core}/accounts`, ['grants', 'read', 'consents', 'connect', 'tokens']],
  ['packages/platforms/src', ['text', 'port', 'http', 'answers', 'connect', 'content']],
];

test.each(houses)('the rooms of %s import in their order', (root, rooms) => {
  const sources = repositoryFiles().filter((path) => path.endsWith('.ts') && !/\.test\.ts$|\/test-[^/]*$/.test(path));
  const inside = sources.filter((path) => rooms.includes(roomIn(root, path) ?? ''));
  expect(new Set(inside.map((path) => roomIn(root, path)))).toEqual(new Set(rooms));
  expect(inside.flatMap(importsOf).filter((found) => isAboveRoom(root, rooms, found))).toEqual([]);
});

test('an import that is turned round is noticed', () => {
  const state = `${engine}/state/reducer.ts`;
  const send = `${engine}/send/send-publication.ts`;
  expect(isTurnedRound({ from: state, to: send })).toBe(true);
  expect(isTurnedRound({ from: send, to: state })).toBe(false);
  expect(isTurnedRound({ from: state, to: `${engine}/testing/test-engine.ts` })).toBe(true);
  const card = `${core}/cards/card-wish.ts`;
  expect(isAboveFoundation({ from: card, to: `${engine}/claim/publication-work.ts` })).toBe(true);
  expect(isAboveFoundation({ from: card, to: `${core}/content/part-contents.ts` })).toBe(false);
  expect(isAboveFoundation({ from: `${core}/content/part-contents.ts`, to: card })).toBe(true);
  const [, rooms] = houses[0] ?? ['', []];
  const [low, high] = [`${core}/posts/store/find-post.ts`, `${core}/posts/edit/update-post.ts`];
  expect(isAboveRoom(`${core}/posts`, rooms, { from: low, to: high })).toBe(true);
  expect(isAboveRoom(`${core}/posts`, rooms, { from: low, to: `${core}/posts/post-of-no-room.ts` })).toBe(true);
  expect(isAboveRoom(`${core}/posts`, rooms, { from: high, to: low })).toBe(false);
  expect(isAboveRoom(`${core}/posts`, rooms, { from: low, to: `${core}/accounts/disconnect-account.ts` })).toBe(false);
});

interface Import {
  readonly from: string;
  readonly to: string;
}

function importsOf(from: string): Import[] {
  const text = readRepositoryFile(from);
  return [...text.matchAll(/from '(\.[^']+)'/g)].map(([, path]) => ({ from, to: join(dirname(from), path ?? '') }));
}

function isTurnedRound({ from, to }: Import): boolean {
  const [source, target] = [roomIn(engine, from), roomIn(engine, to)];
  if (source === null || target === null || source === target || outside.includes(source)) return false;
  return outside.includes(target) || stages.indexOf(target) > stages.indexOf(source);
}

function isAboveFoundation({ from, to }: Import): boolean {
  if (to.startsWith(`${engine}/`)) return true;
  const [source, target] = [foundationOf(from), foundationOf(to)];
  return source !== null && target !== null && foundations.indexOf(target) > foundations.indexOf(source);
}

function isAboveRoom(root: string, rooms: readonly string[], { from, to }: Import): boolean {
  if (!to.startsWith(`${root}/`)) return false;
  const target = rooms.indexOf(roomIn(root, to) ?? '');
  return target === -1 || target > rooms.indexOf(roomIn(root, from) ?? '');
}

/** Null for a file that lies elsewhere, or in the folder itself. */
function roomIn(root: string, path: string): string | null {
  const [room, file] = path.startsWith(`${root}/`) ? path.slice(root.length + 1).split('/') : [];
  return room === undefined || file === undefined ? null : room;
}

function foundationOf(path: string): string | null {
  return foundations.find((folder) => path.startsWith(`${core}/${folder}/`)) ?? null;
}
