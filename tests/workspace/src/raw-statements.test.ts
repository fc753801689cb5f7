import { expect, test } from 'vitest';
import { readRepositoryFile, repositoryFiles } from './repository.ts';

/** Rows of a raw statement that nothing checks: `execute<Row>(...)`, or `{ rows }` of an `execute`. */
const unchecked = /\bexecute<|\{ rows[^}]*\} = await (?:tx\.execute|deps\.db\.\w+\([^)]*\) => tx\.execute)/;

test('the rows of raw statements are read through queryRows, which checks them in tests', () => {
  const sources = repositoryFiles().filter(
    (path) => /^(?:packages|apps)\/.*\.ts$/.test(path) && !path.endsWith('.test.ts') && !path.includes('/testing/'),
  );
  expect(sources.length).toBeGreaterThan(300);
  const helper = 'packages/db/src/query-rows.ts';
  expect(sources.filter((path) => path !== helper && unchecked.test(readRepositoryFile(path)))).toEqual([]);
});
