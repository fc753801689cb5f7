import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { column, queryRows, RowMismatchError } from './query-rows.ts';
import { openMigratedDatabase } from './testing/migrated-database.ts';

let database: Awaited<ReturnType<typeof openMigratedDatabase>>;

beforeAll(async () => {
  database = await openMigratedDatabase(inject('postgresUrl'));
});
afterAll(() => database[Symbol.asyncDispose]());

test('rows are as their statement gives them, values and fragments filled in', async () => {
  const rows = await database.db.asWorker(
    (tx) => queryRows(tx, { n: column.number, word: column.textOrNull })`select ${7}::int as n, null as word`,
  );
  expect(rows).toEqual([{ n: 7, word: null }]);
});

test.each([
  ['a number that PostgreSQL gives as text', { n: column.number }],
  ['a column that is not there', { n: column.text, other: column.text }],
  ['a column that nobody named', {}],
])('%s is an error in tests, and names the column', async (_, columns) => {
  const reading = database.db.asWorker((tx) => queryRows(tx, columns)`select 1::bigint as n`);
  await expect(reading).rejects.toThrow(RowMismatchError);
  await expect(reading).rejects.toThrow(/n|other/);
});
