import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryFiles } from './repository.ts';

const missingNouns = [
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'misc',
  'shared',
  'lib',
  'types',
  'manager',
  'base',
  'impl',
];

const sources = repositoryFiles().filter((path) => /\.(ts|mjs)$/.test(path));

test('no file or folder is named after a missing noun', () => {
  expect(sources.flatMap(missingNounIn)).toEqual([]);
});

test('files are named in kebab-case', () => {
  const names = sources.map((path) => basename(path));
  expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|d))?\.(ts|mjs)$/.test(name))).toEqual([]);
});

test('a missing noun is recognised, alone and as the last word', () => {
  expect(
    ['packages/a/src/utils/x.ts', 'packages/a/src/post-manager.ts', 'packages/a/src/base.ts'].flatMap(missingNounIn),
  ).toHaveLength(3);
  expect(['packages/a/src/base-url.ts', 'packages/a/src/library.ts'].flatMap(missingNounIn)).toEqual([]);
});

function missingNounIn(path: string): string[] {
  const names = path.split('/').map((part) => part.split('.')[0] ?? '');
  const isMissing = (name: string) => missingNouns.some((noun) => name === noun || name.endsWith(`-${noun}`));
  return names.some(isMissing) ? [path] : [];
}
