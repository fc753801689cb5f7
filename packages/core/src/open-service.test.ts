import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { OperatorError } from '@vibetribe/observability/operator-error';
import { createLogger } from '@vibetribe/observability/logger';
import { migrate } from '@vibetribe/db/migrate';
import { migrateQueue } from '@vibetribe/queue/migrate-queue';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { createPublishQueue } from '@vibetribe/queue/publish-queue';
import { startPublishWorker } from '@vibetribe/queue/publish-worker';
import { type DebianPostgres, startDebianPostgres, whyNoDebianPostgres } from '@vibetribe/testkit/debian-postgres';
import { startPgbouncer, whyNoPgbouncer } from '@vibetribe/testkit/pgbouncer';
import { createTestDatabase } from '@vibetribe/testkit/test-database';
import { waitFor } from '@vibetribe/testkit/wait-for';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CoreEnv, coreConfigOf } from './core-config.ts';
import { rotateKeys } from './keys/rotate-keys.ts';
import { openService, type Service } from './open-service.ts';
import { sealCredentials } from './accounts/grants/seal-credentials.ts';
import { parseEnvironment } from './parse-environment.ts';

const missing = (await whyNoDebianPostgres()) ?? (await whyNoPgbouncer());
if (missing !== null) console.warn(`SKIPPED: the way through PgBouncer is not tried: ${missing}`);

const encryptionKeys = `k1:${randomBytes(32).toString('base64')}`;
const logger = createLogger({ app: 'test', level: 'silent' });

function open(env: Record<string, string>): Promise<Service> {
  const given = { ENCRYPTION_KEYS: encryptionKeys, DB_POOL_MIN: '0', ...env };
  return openService({ app: 'test', config: coreConfigOf(parseEnvironment(CoreEnv, given), given), logger });
}

async function migrateAll(databaseUrl: string): Promise<void> {
  await migrate({ databaseUrl });
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  await migrateQueue(pool);
  await pool.end();
}

async function asOwner(databaseUrl: string, statements: string): Promise<void> {
  const owner = new pg.Client({ connectionString: databaseUrl });
  await owner.connect();
  await owner.query(statements);
  await owner.end();
}

async function addGrantUnder(databaseUrl: string, keys: string): Promise<void> {
  const grant = { id: 'grt_1', organizationId: 'org_1' };
  const sealed = sealCredentials(createKeyRing(keys), grant, { accessToken: 'a', scopes: [] });
  await asOwner(
    databaseUrl,
    `insert into organizations (id, name) values ('org_1', 'One');
     insert into grants (id, organization_id, platform, credentials) values ('grt_1', 'org_1', 'x', '${sealed}')`,
  );
}

async function refusalOf(opening: Promise<Service>): Promise<string> {
  const error = await opening.then(
    (service) => service[Symbol.asyncDispose](),
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(OperatorError);
  return error instanceof OperatorError ? error.message : '';
}

describe('a database that is not ready', () => {
  test('without our tables is refused in one sentence that says what to do', async () => {
    await using database = await createTestDatabase(inject('postgresUrl'));
    expect(await refusalOf(open({ DATABASE_URL: database.url }))).toMatch(/has no tables.*npm run migrate/);
  });

  test('that lacks a migration is refused by its name; one that has more is taken', async () => {
    await using database = await createTestDatabase(inject('postgresUrl'));
    await migrateAll(database.url);
    const owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    await owner.query(`insert into schema_migrations (name, sha256) values ('9999_later.sql', 'x')`);
    await using _service = await open({ DATABASE_URL: database.url });
    await owner.query(`delete from schema_migrations where name = '0003_server_rules.sql'`);
    await owner.end();
    expect(await refusalOf(open({ DATABASE_URL: database.url }))).toMatch(/lacks 0003_server_rules\.sql.*npm run/);
  });

  test('that was migrated for other roles is refused with the setting', async () => {
    await using database = await createTestDatabase(inject('postgresUrl'));
    await migrateAll(database.url);
    expect(await refusalOf(open({ DATABASE_URL: database.url, DB_ROLE_PREFIX: 'other' }))).toContain(
      'set DB_ROLE_PREFIX=vibetribe',
    );
  });
});

describe('the keys of a database', () => {
  const newKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
  const start = async (databaseUrl: string, keys: string) => {
    await using _service = await open({ DATABASE_URL: databaseUrl, ENCRYPTION_KEYS: keys });
  };

  test('are those of its first process: others are refused at the start, by the name of the key and without a secret', async () => {
    await using database = await createTestDatabase(inject('postgresUrl'));
    await migrateAll(database.url);
    const first = newKey('k1');
    await start(database.url, first);
    await start(database.url, first);
    for (const wrong of [newKey('k1'), newKey('k2'), `${newKey('k2')},${newKey('k1')}`]) {
      const refusal = await refusalOf(open({ DATABASE_URL: database.url, ENCRYPTION_KEYS: wrong }));
      expect(refusal).toMatch(/ENCRYPTION_KEYS.*key named k1/);
      for (const key of wrong.split(',')) expect(refusal).not.toContain(key.split(':')[1]);
    }
  });

  test('may be changed: the new one is written first, and the old one goes when nothing is sealed under it', async () => {
    await using database = await createTestDatabase(inject('postgresUrl'));
    await migrateAll(database.url);
    const [old, fresh] = [newKey('k1'), newKey('k2')];
    await start(database.url, old);
    await start(database.url, `${fresh},${old}`);
    await start(database.url, fresh);
    expect(await refusalOf(open({ DATABASE_URL: database.url, ENCRYPTION_KEYS: old }))).toContain('key named k2');
  });

  test('may not be taken away while a secret is sealed under them; once nothing is, they may', async () => {
    await using database = await createTestDatabase(inject('postgresUrl'));
    await migrateAll(database.url);
    const [old, fresh] = [newKey('k1'), newKey('k2')];
    await start(database.url, old);
    await addGrantUnder(database.url, old);
    {
      await using service = await open({ DATABASE_URL: database.url, ENCRYPTION_KEYS: `${fresh},${old}` });
      expect(await refusalOf(open({ DATABASE_URL: database.url, ENCRYPTION_KEYS: fresh }))).toMatch(
        /key named k1.*rotate-keys/,
      );
      const deps = { db: service.db, keyRing: service.core.keyRing };
      await rotateKeys(deps, { writingKeyId: 'k2', signal: AbortSignal.timeout(60_000) });
    }
    await start(database.url, `${fresh},${old}`);
    await start(database.url, fresh);
  });

  test('that are lost for good can be replaced by the statements of the manual', async () => {
    await using database = await createTestDatabase(inject('postgresUrl'));
    await migrateAll(database.url);
    const [lost, fresh] = [newKey('k1'), newKey('k1')];
    await start(database.url, lost);
    await addGrantUnder(database.url, lost);
    expect(await refusalOf(open({ DATABASE_URL: database.url, ENCRYPTION_KEYS: fresh }))).toContain('key named k1');
    const manual = await readFile(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
    const [, statements = ''] = /Keys that are lost for good[^`]*`([^`]*)`/s.exec(manual) ?? [];
    await asOwner(database.url, statements);
    await start(database.url, fresh);
  });

  test('of a database from before they were checked are known by the credentials in it', async () => {
    await using database = await createTestDatabase(inject('postgresUrl'));
    await migrateAll(database.url);
    const right = newKey('k1');
    await addGrantUnder(database.url, right);
    expect(await refusalOf(open({ DATABASE_URL: database.url, ENCRYPTION_KEYS: newKey('k1') }))).toContain('named k1');
    await start(database.url, right);
  });
});

describe.skipIf(missing !== null)('a PostgreSQL 15 behind PgBouncer', { timeout: 60_000 }, () => {
  const opened = new AsyncDisposableStack();
  let server: DebianPostgres;
  const login = { user: 'app', password: 'app' };
  beforeAll(async () => {
    server = opened.use(await startDebianPostgres());
    await server.admin(`create role app login password 'app'; create role vibetribe_tenant; create role vibetribe_worker;
      create role vibetribe_identity; grant vibetribe_tenant, vibetribe_worker, vibetribe_identity to app`);
    await server.admin('create database app owner app');
  }, 120_000);
  afterAll(() => opened.disposeAsync());

  test('in session mode everything works: migrations, transactions, jobs, notifications', async () => {
    await using bouncer = await startPgbouncer({ serverPort: server.port, mode: 'session', logins: [login] });
    const url = `postgres://app:app@127.0.0.1:${bouncer.port}/app`;
    await migrateAll(url);
    await using service = await open({ DATABASE_URL: url });
    const { rows } = await service.db.pool.query('select current_user as role');
    expect(rows).toEqual([{ role: 'vibetribe_tenant' }]);

    const told: string[] = [];
    await using _subscription = await service.bus.subscribe('events', (payload) => void told.push(payload));
    await service.bus.publish('events', 'hello');
    await waitFor(() => told.includes('hello'), { describe: 'the notification' });

    const handled: string[] = [];
    const worker = startPublishWorker({
      connection: service.queue,
      platform: 'x',
      concurrency: 1,
      handle: async ({ publicationId }) => void handled.push(publicationId),
      onError: () => undefined,
    });
    const job = { platform: 'x', publicationId: 'pub_1', generation: 1, delayMs: 0, priority: 0 };
    await createPublishQueue(service.queue).enqueue([job]);
    await waitFor(() => handled.includes('pub_1'), { describe: 'the job' });
    await worker.close({ drainMs: 1_000 });
  });

  test.each([100, 2])('in transaction mode it is refused with the reason, with %s sessions', async (poolSize) => {
    await migrateAll(server.urlOf({ ...login, database: 'app' }));
    await using bouncer = await startPgbouncer({
      serverPort: server.port,
      mode: 'transaction',
      logins: [login],
      poolSize,
    });
    const url = `postgres://app:app@127.0.0.1:${bouncer.port}/app`;
    expect(await refusalOf(open({ DATABASE_URL: url }))).toContain('pool_mode = session');
  });
});
