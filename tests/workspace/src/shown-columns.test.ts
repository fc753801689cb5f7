import { expect, test } from 'vitest';
import { repositoryFiles, readRepositoryFile } from './repository.ts';

/** A column that a statement shows as text under its own name: `order by id` then means the text. */
const shownUnderOwnName = /\b([a-z_]+)::text as "?\1\b/;

test.each(['select id::text as id, name', 'select e.created_at::text as "created_at"'])(
  '%j would be found',
  (statement) => {
    expect(statement).toMatch(shownUnderOwnName);
  },
);

test('no column is shown as text under its own name: an order by it would be the order of the text', () => {
  const sources = repositoryFiles().filter(
    (path) => /\.(?:ts|sql)$/.test(path) && !path.endsWith('shown-columns.test.ts'),
  );
  expect(sources.length).toBeGreaterThan(500);
  expect(sources.filter((path) => shownUnderOwnName.test(readRepositoryFile(path)))).toEqual([]);
});
