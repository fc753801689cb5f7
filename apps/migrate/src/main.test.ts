import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { compileCache } from '@vibetribe/testkit/compile-cache';
import { createTestDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { rotateOwnKeys } from './rotate-own-keys.ts';
import { runMigrations } from './run-migrations.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

test('a new database becomes usable, and a second run changes nothing', { timeout: 60_000 }, async () => {
  await using database = await createTestDatabase(inject('postgresUrl'));
  for (const _run of ['first', 'second']) {
    const { status, stdout } = migrate({ DATABASE_URL: database.url });
    expect(stdout).toContain('the database is up to date');
    expect(status).toBe(0);
  }
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query("select to_regclass('posts') as product, to_regclass('bullmq.job') as queue");
  await client.end();
  expect(rows).toEqual([{ product: 'posts', queue: 'bullmq.job' }]);
});

test(
  'makes the service admin of the environment, once: later passwords of the environment change nothing',
  { timeout: 60_000 },
  async () => {
    await using database = await createTestDatabase(inject('postgresUrl'));
    const admin = { DATABASE_URL: database.url, ADMIN_EMAIL: 'Root@example.com', ADMIN_PASSWORD: 'a first password' };
    const first = migrate(admin);
    expect(first.stdout).toContain('has been made');
    expect(first.stdout + first.stderr).not.toContain('a first password');
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const read = async () =>
      (await client.query('select email, service_admin as "isAdmin", password_hash as hash from users')).rows;
    const [made] = await read();
    expect(made).toMatchObject({ email: 'root@example.com', isAdmin: true });
    expect(migrate({ ...admin, ADMIN_PASSWORD: 'another password' }).status).toBe(0);
    expect(await read()).toEqual([made]);
    await client.end();
  },
);

test('keys of another database rotate nothing and are told, although their names are the same', async () => {
  await using database = await createTestDatabase(inject('postgresUrl'));
  const logger = { info: () => undefined, warn: () => undefined };
  const place = { databaseUrl: database.url, rolePrefix: 'vibetribe' };
  await runMigrations({ ...place, logger });
  const rotate = (byte: number) => {
    const encryptionKeys = `k1:${Buffer.alloc(32, byte).toString('base64')}`;
    return rotateOwnKeys({ ...place, encryptionKeys, logger, signal: AbortSignal.timeout(30_000) });
  };
  expect(await rotate(1)).toMatchObject({ rotated: 0, writingKeyId: 'k1' });
  await expect(rotate(2)).rejects.toThrow(/ENCRYPTION_KEYS.*key named k1/);
});

test.each([
  [{ ADMIN_PASSWORD: 'a first password' }, 'ADMIN_EMAIL: is missing'],
  [{ ADMIN_EMAIL: 'root@example.com', ADMIN_PASSWORD: 'short' }, 'ADMIN_PASSWORD: must have at least 10'],
  [{ ADMIN_EMAIL: 'root', ADMIN_PASSWORD: 'a first password' }, 'ADMIN_EMAIL'],
])('an admin that cannot be made is a fault of the configuration: %s', (given, fault) => {
  const { status, stderr } = migrate({ DATABASE_URL: 'postgres://127.0.0.1:9/none', ...given });
  expect(stderr).toContain(fault);
  expect(stderr).not.toContain('a first password');
  expect(status).toBe(1);
});

test('without a database address it says so and exits 1', () => {
  const { status, stderr } = migrate({});
  expect(stderr).toContain('DATABASE_URL');
  expect(status).toBe(1);
});

test('a database that is away is told with exit code 1 and without the password', () => {
  const { status, stdout, stderr } = migrate({ DATABASE_URL: 'postgres://someone:canary-password@127.0.0.1:9/none' });
  expect(stdout).toContain('the database was not migrated');
  expect(stdout + stderr).not.toContain('canary-password');
  expect(status).toBe(1);
});

function migrate(env: Record<string, string>): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main], {
    env: { PATH: process.env['PATH'], ...compileCache(), ...env },
    encoding: 'utf8',
  });
}
