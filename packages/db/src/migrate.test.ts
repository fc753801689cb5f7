import { readdir } from 'node:fs/promises';
import { createTestDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { migrate } from './migrate.ts';

const postgresUrl = inject('postgresUrl');

async function appliedIn(databaseUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>('select name from schema_migrations order by 1');
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

const files = async () =>
  (await readdir(new URL('../migrations/', import.meta.url))).filter((name) => name.endsWith('.sql')).toSorted();

describe('migrations', () => {
  test('are each applied once, and again nothing', async () => {
    await using database = await createTestDatabase(postgresUrl);
    const told: string[] = [];
    const log = (message: string) => void told.push(message);
    await migrate({ databaseUrl: database.url, log });
    await migrate({ databaseUrl: database.url, log });
    expect(await appliedIn(database.url)).toEqual(await files());
    expect(told).toHaveLength((await files()).length);
  });

  test('may be started by many at once, in one database and in several of one server', async () => {
    await using one = await createTestDatabase(postgresUrl);
    await using two = await createTestDatabase(postgresUrl);
    await Promise.all([one, one, one, two, two].map(({ url }) => migrate({ databaseUrl: url })));
    expect([await appliedIn(one.url), await appliedIn(two.url)]).toEqual([await files(), await files()]);
  });

  test('are immutable: one that was changed after it was applied is refused by name', async () => {
    await using database = await createTestDatabase(postgresUrl);
    await migrate({ databaseUrl: database.url });
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`update schema_migrations set sha256 = 'other' where name = '0001_init.sql'`);
    await client.end();
    await expect(migrate({ databaseUrl: database.url })).rejects.toThrow(
      '0001_init.sql was changed after it was applied',
    );
  });
});
