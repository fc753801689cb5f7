import { expect, test } from 'vitest';
import { repositoryFiles, readRepositoryFile } from './repository.ts';

/** Times that an index is searched by. */
const indexed = /\b(?:due_at|enqueued_until|lease_until|started_at|g\.expires_at)\s*[<>]=?\s*clock_timestamp\(\)/;

test('no indexed time is compared with clock_timestamp(): its value changes within a statement, so the index would be read to its end', () => {
  const sources = repositoryFiles().filter(
    (path) => /^(?:packages|apps)\/.*\.ts$/.test(path) && !path.endsWith('.test.ts'),
  );
  expect(sources.length).toBeGreaterThan(300);
  expect(sources.filter((path) => indexed.test(readRepositoryFile(path)))).toEqual([]);
});
