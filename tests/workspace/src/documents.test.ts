import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { readRepositoryFile, repositoryFiles, repositoryRoot } from './repository.ts';

const packageReadmeLinesMax = 40;

const documents = repositoryFiles().filter((path) => path.endsWith('.md'));
const packageReadmes = documents.filter((path) => /^(apps|packages|tests|bench)\/.*README\.md$/.test(path));
/** The first part of what counts as a path of this repository when a document names it. */
const roots = new Set(['apps', 'packages', 'tests', 'bench', 'docs', 'scripts', 'deploy', '.ci']);

test.each(documents)('every path that %s names exists', (document) => {
  const gone = namedPaths(readRepositoryFile(document)).filter((path) => !isThere(document, path));
  expect(gone).toEqual([]);
});

test.each(packageReadmes)(`%s has at most ${packageReadmeLinesMax} lines`, (readme) => {
  expect(readRepositoryFile(readme).trimEnd().split('\n').length).toBeLessThanOrEqual(packageReadmeLinesMax);
});

test('a path that is gone is found, in code marks and in links', () => {
  const text = 'See `packages/gone/src/x.ts`, [here](../docs/gone.md#part) and `apps/<app>/src/main.ts`, not `a/b`.';
  expect(namedPaths(text)).toEqual(['packages/gone/src/x.ts', '../docs/gone.md']);
  expect(isThere('apps/local/README.md', 'packages/gone/src/x.ts')).toBe(false);
  expect(isThere('README.md', 'scripts/start.mjs')).toBe(true);
});

/** What stands in code marks and begins with a folder of ours, and the targets of links within the repository. */
function namedPaths(markdown: string): string[] {
  const marked = [...markdown.matchAll(/`([^`\s]+)`/g)].map(([, path = '']) => path.replace(/^\.\//, ''));
  const linked = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return [
    ...marked.filter((path) => roots.has(path.split('/')[0] ?? '') && path.includes('/') && !/[<>*{}$|]/.test(path)),
    ...linked.filter((target) => !/^([a-z]+:|#)/.test(target)).map((target) => target.split('#')[0] ?? target),
  ].map((path) => path.replace(/:\d+$/, ''));
}

/** Links are relative to their document; paths in code marks to the root, or to the package the document stands in. */
function isThere(document: string, path: string): boolean {
  return [dirname(document), '.'].some((from) => existsSync(join(repositoryRoot, normalize(join(from, path)))));
}
