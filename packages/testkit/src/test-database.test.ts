import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { createTestDatabase, templateDatabase } from './test-database.ts';

test('a template is prepared once, however many ask at once, and each database made from it is apart', async () => {
  const postgresUrl = inject('postgresUrl');
  let prepared = 0;
  const prepare = async (url: string): Promise<void> => {
    prepared += 1;
    await query(url, 'create table thing (id int)');
  };
  const names = await Promise.all([1, 2, 3].map(() => templateDatabase(postgresUrl, 'testkit_test', prepare)));
  expect(prepared).toBe(1);

  await using first = await createTestDatabase(postgresUrl, { template: names[0] ?? '' });
  await using second = await createTestDatabase(postgresUrl, { template: names[0] ?? '' });
  await query(first.url, 'insert into thing values (1)');
  expect(await query(second.url, 'select * from thing')).toEqual([]);
});

test('a template whose preparation failed is made anew', async () => {
  const postgresUrl = inject('postgresUrl');
  const failing = templateDatabase(postgresUrl, 'testkit_failing', () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  const name = await templateDatabase(postgresUrl, 'testkit_failing', (url) =>
    query(url, 'create table thing (id int)').then(() => undefined),
  );
  await using database = await createTestDatabase(postgresUrl, { template: name });
  expect(await query(database.url, 'select count(*)::int as count from thing')).toEqual([{ count: 0 }]);
});

test('a database is dropped although a connection to it is left open', async () => {
  const postgresUrl = inject('postgresUrl');
  const database = await createTestDatabase(postgresUrl);
  const left = new pg.Client({ connectionString: database.url });
  const cut = new Promise((resolve) => left.on('error', resolve));
  await left.connect();
  await database[Symbol.asyncDispose]();
  await cut;
  await expect(query(database.url, 'select 1')).rejects.toMatchObject({ code: '3D000' });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
