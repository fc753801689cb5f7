import { waitFor } from '@vibetribe/testkit/wait-for';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { connectDatabase, type Database } from './connect-database.ts';
import { openMigratedDatabase } from './testing/migrated-database.ts';

test('a connection lost between two statements of a transaction fails the transaction and not the process', async () => {
  await using database = await openMigratedDatabase(inject('postgresUrl'), 'superuser');
  const { db } = database;
  const operator = new pg.Client({ connectionString: inject('postgresUrl') });
  await operator.connect();
  const lost = db.asWorker(async (tx) => {
    const { rows } = await tx.execute(sql`select pg_backend_pid() as pid`);
    const pid = [rows[0]?.['pid']];
    await operator.query('select pg_terminate_backend($1)', pid);
    const isGone = async () =>
      (await operator.query('select 1 from pg_stat_activity where pid = $1', pid)).rowCount === 0;
    await waitFor(isGone, { describe: 'the connection is gone' });
    await tx.execute(sql`select 1`);
  });
  await expect(lost).rejects.toMatchObject({ code: 'connection_lost' });
  await operator.end();
  expect(await db.ping()).toBeGreaterThan(0);
});

const kinds: readonly [string, (db: Database) => Promise<unknown>][] = [
  ['tenant', (db) => db.asTenant('org', (tx) => tx.execute(sql`select 1`))],
  ['worker', (db) => db.asWorker((tx) => tx.execute(sql`select 1`))],
  ['keyed worker', (db) => db.asKeyedWorker((tx) => tx.execute(sql`select 1`))],
  ['identity', (db) => db.asIdentity((tx) => tx.execute(sql`select 1`))],
];

test.each(kinds)(
  'a connection that is lost before the first statement of a %s transaction does not cost the pool its place',
  async (_, work) => {
    await using database = await openMigratedDatabase(inject('postgresUrl'));
    await using db = connectDatabase({
      databaseUrl: database.url,
      poolMax: 1,
      poolMin: 0,
      applicationName: 'test',
      connectTimeoutMs: 1_000,
      onError: () => undefined,
    });
    db.pool.once('acquire', (client) => connectionOf(client).stream.destroy());
    await expect(work(db)).rejects.toMatchObject({ code: 'connection_lost' });
    expect(await db.ping()).toBeGreaterThan(0);
  },
);

function connectionOf(client: pg.PoolClient): { readonly stream: { destroy(): void } } {
  return Reflect.get(client, 'connection') as ReturnType<typeof connectionOf>;
}
