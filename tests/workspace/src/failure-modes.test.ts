import { expect, test } from 'vitest';
import { readRepositoryFile } from './repository.ts';

const failpoints = readRepositoryFile('packages/core/src/publishing/failpoints.ts');
const document = readRepositoryFile('docs/failure-modes.md');

test.each(['failpointNames', 'stepFailpointNames', 'protections'])(
  'docs/failure-modes.md has a row for each of %s',
  (list) => {
    const [, body = ''] = new RegExp(String.raw`const ${list} = \[([^\]]*)\]`).exec(failpoints) ?? [];
    const names = [...body.matchAll(/'([^']+)'/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !document.includes(`| \`${name}\` |`))).toEqual([]);
  },
);

test('docs/failure-modes.md names no failpoint and no protection that is gone', () => {
  const rows = [...document.matchAll(/^\| `([a-z]+(?:[:_][a-z_]+)?)` \|/gm)].map(([, name]) => name);
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((name) => !failpoints.includes(`'${name}'`))).toEqual([]);
});
