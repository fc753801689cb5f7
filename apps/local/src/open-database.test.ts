import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removePostgresData } from '@vibetribe/postgres-server/remove-postgres-data';
import { waitFor } from '@vibetribe/testkit/wait-for';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from './open-database.ts';

const log = { info: () => undefined, warn: () => undefined };

test('an embedded database that is killed is back on the same address with its data', { timeout: 90_000 }, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-local-'));
  onTestFinished(() => removePostgresData(join(dataDir, 'postgres')));
  await using database = await openDatabase({ dataDir, databaseUrl: undefined }, log);
  await query(database.url, 'create table kept (id int)');
  const pid = await postmasterPid(database.url);

  process.kill(pid, 'SIGKILL');

  await waitFor(async () => (await postmasterPid(database.url)) !== pid, {
    describe: 'another server process answers',
    timeoutMs: 30_000,
  });
  expect(await query(database.url, 'select count(*)::int as count from kept')).toEqual([{ count: 0 }]);
});

test('stopped while it is being started again, it ends, and so does the new server', { timeout: 90_000 }, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-local-'));
  onTestFinished(() => removePostgresData(join(dataDir, 'postgres')));
  const restarting = Promise.withResolvers<void>();
  const database = await openDatabase(
    { dataDir, databaseUrl: undefined },
    { info: () => undefined, warn: () => restarting.resolve() },
  );

  process.kill(await postmasterPid(database.url), 'SIGKILL');
  await restarting.promise;
  await database[Symbol.asyncDispose]();

  await expect(query(database.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('an outside database is used as it is', async () => {
  const databaseUrl = 'postgres://somewhere.example/vibetribe';
  await using database = await openDatabase({ dataDir: '/nowhere', databaseUrl }, log);
  expect(database.url).toBe(databaseUrl);
});

async function postmasterPid(url: string): Promise<number> {
  const [row] = await query(url, "select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid");
  return Number(row?.['pid']);
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
