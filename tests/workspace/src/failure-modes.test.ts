import { adapters } from '@vibetribe/platforms/registry';
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

test('each loss has a row that says what the product does about it, and a test that shows it', () => {
  const rows = rowsBelow('## What can be lost, and what the product does about it');
  expect(rows.length).toBeGreaterThan(12);
  for (const row of rows) {
    const [loss = '', deed = '', shown = '', ...more] = row;
    expect(more, loss).toEqual([]);
    expect(deed.length, loss).toBeGreaterThan(20);
    const [, path = 'none', title = 'none'] = /^`([^`]+\.test\.ts)`: "(.+)"$/u.exec(shown) ?? [];
    expect(path, loss).not.toBe('none');
    expect(readRepositoryFile(path), `${path} shows: ${loss}`).toContain(title);
  }
});

test('each reason for which a person is asked has a row, and no row has another one', () => {
  const source = readRepositoryFile('tests/chaos/src/unconfirmed-reasons.ts');
  const names = [...source.matchAll(/^ {2}'([^']+)': \//gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(5);
  expect(rowsBelow('## Why a person is asked').map(([name]) => name)).toEqual(names);
});

test('each platform has a row that says when it is asked, by the numbers of its adapter', () => {
  const leaseSeconds = 60;
  const timeoutSeconds = 30;
  const told = rowsBelow('## What tells, on each platform').map(([name, , crash, timeout, reset, absent]) =>
    [name, crash, timeout, reset, absent].join(' | '),
  );
  const wanted = Object.values(adapters).map(({ displayName, reconciliation: { quietMs, absence } }) => {
    const quiet = quietMs / 1_000;
    const absent = `${absence.reads} x ${absence.spacingMs / 1_000}`;
    return [displayName, leaseSeconds + quiet, timeoutSeconds + quiet, quiet, absent].join(' | ');
  });
  expect(told.toSorted()).toEqual(wanted.toSorted());
});

/** The cells of the first table below a heading, without its head. */
function rowsBelow(heading: string): string[][] {
  const [, below = ''] = document.split(`${heading}\n`);
  const [table = ''] = /^(?:\|.*\n?)+/mu.exec(below) ?? [];
  return table
    .trimEnd()
    .split('\n')
    .slice(2)
    .map((line) => line.slice(2, -2).split(' | '));
}
