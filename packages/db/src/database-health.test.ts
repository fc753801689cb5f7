import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startDebianPostgres, whyNoDebianPostgres } from '@vibetribe/testkit/debian-postgres';
import { waitFor } from '@vibetribe/testkit/wait-for';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { connectDatabase } from './connect-database.ts';
import { openMigratedDatabase } from './testing/migrated-database.ts';

const run = promisify(execFile);
const missing = (await whyNoDebianPostgres()) ?? (await whyNoDisk());
if (missing !== null) console.warn(`SKIPPED: a full disk is not tried: ${missing}`);

test('a database that answers is well, whoever asks how often', async () => {
  await using database = await openMigratedDatabase(inject('postgresUrl'));
  const found = await Promise.all(Array.from({ length: 50 }, () => database.db.health()));
  expect(new Set(found.map(({ ok, detail }) => `${ok} ${detail}`))).toEqual(new Set(['true postgres answers']));
});

test('a database that takes no writes is ill, as one is after it became a standby', async () => {
  await using database = await openMigratedDatabase(inject('postgresUrl'));
  const name = new URL(database.url).pathname.slice(1);
  await database.sql(`alter database ${name} set default_transaction_read_only = on`);
  await using db = connectDatabase({
    databaseUrl: database.url,
    poolMax: 2,
    poolMin: 0,
    applicationName: 'test',
    onError: () => undefined,
  });
  expect(await db.health()).toMatchObject({ ok: false, detail: expect.stringContaining('read-only') });
});

test('a database that is away is ill, within seconds', async () => {
  await using db = connectDatabase({
    databaseUrl: 'postgres://nobody:secret@127.0.0.1:9/none',
    poolMax: 1,
    poolMin: 0,
    applicationName: 'test',
    onError: () => undefined,
  });
  expect(await db.health()).toMatchObject({ ok: false, detail: 'postgres does not answer' });
});

test.skipIf(missing !== null)(
  'a database whose disk is full is ill, and well again when there is room',
  { timeout: 60_000 },
  async () => {
    const disk = await mkdtemp(join(tmpdir(), 'vibetribe-disk-'));
    await run('mount', ['-t', 'tmpfs', '-o', 'size=128m,mode=0755', 'tmpfs', disk]);
    try {
      await chmod(disk, 0o755);
      const settings = { min_wal_size: '2MB', max_wal_size: '4MB', dynamic_shared_memory_type: 'posix' };
      await using server = await startDebianPostgres({ parent: disk, settings });
      await server.admin('create role vibetribe_tenant');
      await using db = connectDatabase({
        databaseUrl: server.adminUrl,
        poolMax: 2,
        poolMin: 0,
        applicationName: 'test',
        onError: () => undefined,
      });
      expect(await db.health()).toMatchObject({ ok: true });
      const { bavail, bsize } = await statfs(disk);
      const filler = join(disk, 'filler');
      await writeFile(filler, Buffer.alloc(Number(bavail) * Number(bsize)));
      const ill = () => db.health().then((health) => (health.ok ? null : health));
      const found = await waitFor(ill, { describe: 'the database to be ill', timeoutMs: 20_000, intervalMs: 250 });
      expect(found?.detail).toContain('no room left');
      await rm(filler);
      expect(await db.health()).toMatchObject({ ok: true });
      const client = new pg.Client({ connectionString: server.adminUrl });
      await client.connect();
      await client.query('create table survived (n int)');
      await client.end();
    } finally {
      await run('umount', ['-l', disk]);
      await rm(disk, { recursive: true, force: true });
    }
  },
);

/** Null where this machine lets us make a small disk. */
async function whyNoDisk(): Promise<string | null> {
  if (userInfo().uid !== 0) return 'only root can mount a disk';
  const disk = await mkdtemp(join(tmpdir(), 'vibetribe-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    await run('umount', [disk]);
    return null;
  } catch {
    return 'this machine lets nobody mount a disk';
  } finally {
    await rm(disk, { recursive: true, force: true });
  }
}
