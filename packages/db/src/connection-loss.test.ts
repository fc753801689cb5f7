import { waitFor } from '@vibetribe/testkit/wait-for';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { openMigratedDatabase } from './test-database.ts';

test('a connection lost between two statements of a transaction fails the transaction and not the process', async () => {
  await using database = await openMigratedDatabase(inject('postgresUrl'), 'superuser');
  const { db } = database;
  const operator = new pg.Client({ connectionString: inject('postgresUrl') });
  await operator.connect();
  const lost = db.asWorker(async (tx) => {
    const { rows } = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    const pid = [rows[0]?.pid];
    await operator.query('select pg_terminate_backend($1)', pid);
    const isGone = async () => (await operator.query('select 1 from pg_stat_activity where pid = $1', pid)).rowCount === 0;
    await waitFor(isGone, { describe: 'the connection is gone' });
    await tx.execute(sql`select 1`);
  });
  await expect(lost).rejects.toThrow(Error);
  await operator.end();
  expect(await db.ping()).toBeGreaterThan(0);
});
