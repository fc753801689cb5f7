import { join } from 'node:path';
import {
  type DebianPostgres,
  type DebianPostgresOptions,
  startDebianPostgres,
  whyNoDebianPostgres,
} from '@vibetribe/testkit/debian-postgres';
import { OperatorError } from '@vibetribe/observability/operator-error';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectDatabase, type Database } from './connect-database.ts';
import { migrate } from './migrate.ts';
import { newId } from './new-id.ts';
import { organizations } from './schema/identity.ts';
import { posts } from './schema/posts.ts';

const missing = await whyNoDebianPostgres();
if (missing !== null) console.warn(`SKIPPED: servers that others run are not tried: ${missing}`);

const names = ['tenant', 'worker', 'identity'];

describe.skipIf(missing !== null)('a PostgreSQL 15 that others run', { timeout: 60_000 }, () => {
  let server: DebianPostgres;
  beforeAll(async () => {
    server = await startDebianPostgres();
  }, 120_000);
  afterAll(() => server?.[Symbol.asyncDispose]());

  /** A login that may nothing but what is said, and a database of its own. */
  const makeLogin = async (name: string, { owns = true, may = '' } = {}): Promise<string> => {
    await server.admin(`create role ${name} login password 'x' nosuperuser ${may}`);
    await server.admin(`create database ${name}${owns ? ` owner ${name}` : ''}`);
    return server.urlOf({ user: name, password: 'x', database: name });
  };
  const refusalOf = async (databaseUrl: string, rolePrefix?: string): Promise<string> => {
    const error = await migrate({ databaseUrl, rolePrefix }).then(
      () => null,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(OperatorError);
    return error instanceof OperatorError ? error.message : '';
  };
  /** The statements of a refusal, as an administrator would paste them. */
  const statementsIn = (refusal: string) =>
    refusal
      .split('\n')
      .filter((line) => /^ {2}(create|grant) /.test(line))
      .join('\n');

  test('an owner that may make no roles is told what an administrator has to run, and goes on from there', async () => {
    const databaseUrl = await makeLogin('plain');
    const refusal = await refusalOf(databaseUrl, 'plain');
    for (const name of names) expect(refusal).toContain(`create role plain_${name} nologin`);
    expect(refusal).toContain('grant plain_tenant, plain_worker, plain_identity to plain;');
    await server.admin(statementsIn(refusal), 'plain');
    await migrate({ databaseUrl, rolePrefix: 'plain' });
    await using db = open(databaseUrl, 'plain');
    await expectTenantsApart(db);
  });

  test('a second installation on one server: with roles of its own it is done at once', async () => {
    const first = await makeLogin('first', { may: 'createrole' });
    const second = await makeLogin('second', { may: 'createrole' });
    await migrate({ databaseUrl: first, rolePrefix: 'first' });
    await migrate({ databaseUrl: second, rolePrefix: 'second' });
    await using one = open(first, 'first');
    await using two = open(second, 'second');
    for (const db of [one, two]) await expectTenantsApart(db);
    await expect(migrate({ databaseUrl: second, rolePrefix: 'third' })).rejects.toThrow('DB_ROLE_PREFIX=second');
  });

  test('a second installation that may not take the roles of the first is told both ways out', async () => {
    await server.admin('create role taken_tenant; create role taken_worker; create role taken_identity');
    const databaseUrl = await makeLogin('guest');
    const refusal = await refusalOf(databaseUrl, 'taken');
    expect(refusal).toContain('DB_ROLE_PREFIX');
    expect(refusal).not.toContain('create role');
    await server.admin(statementsIn(refusal), 'guest');
    await migrate({ databaseUrl, rolePrefix: 'taken' });
  });

  test('a login that does not own its database is told all that it lacks at once', async () => {
    const databaseUrl = await makeLogin('lodger', { owns: false });
    const refusal = await refusalOf(databaseUrl, 'lodger');
    expect(refusal).toContain('grant create on database lodger to lodger;');
    expect(refusal).toContain('grant usage, create on schema public to lodger;');
    await server.admin(statementsIn(refusal), 'lodger');
    await migrate({ databaseUrl, rolePrefix: 'lodger' });
    await using db = open(databaseUrl, 'lodger');
    await expectTenantsApart(db);
  });

  test.each([
    ["the login's search path", ''],
    ['the address', '?options=-c%20search_path%3D"Own%5C%20Tables"'],
  ])('tables may be in another schema than public, which may be gone: %s', async (_, query) => {
    const login = query === '' ? 'elsewhere' : 'addressed';
    const databaseUrl = (await makeLogin(login, { may: 'createrole' })) + query;
    await server.admin(`create schema "Own Tables" authorization ${login}; drop schema public`, login);
    if (query === '') await server.admin(`alter role ${login} set search_path = "Own Tables"`);
    await migrate({ databaseUrl, rolePrefix: login });
    await using db = open(databaseUrl, login);
    await expectTenantsApart(db);
    const { rows } = await db.pool.query(`select to_regclass('"Own Tables".posts') is not null as there`);
    expect(rows).toEqual([{ there: true }]);
  });

  test('roles that row-level security does not bind are refused', async () => {
    await server.admin('create role above_tenant bypassrls; create role above_worker; create role above_identity');
    const refusal = await refusalOf(await makeLogin('above', { may: 'createrole' }), 'above');
    expect(refusal).toContain('above_tenant');
    expect(refusal).toContain('nobypassrls');
  });

  test('an address that asks for settings does not undo those of the product', async () => {
    const databaseUrl = await makeLogin('asks', { may: 'createrole' });
    await migrate({ databaseUrl, rolePrefix: 'asks' });
    await using db = open(`${databaseUrl}?options=-c%20role%3Dnone%20-c%20work_mem%3D1MB`, 'asks');
    const { rows } = await db.pool.query(`select current_user as role, current_setting('work_mem') as memory`);
    expect(rows).toEqual([{ role: 'asks_tenant', memory: '1MB' }]);
  });

  test('a migration writes every row of a table although its owner is bound by row-level security', async () => {
    const databaseUrl = await makeLogin('writes', { may: 'createrole' });
    await migrate({ databaseUrl, rolePrefix: 'writes' });
    await using db = open(databaseUrl, 'writes');
    await expectTenantsApart(db);
    const sha256 = 'of-a-test';
    const change = 'alter table posts rename to renamed;\nupdate renamed set content = upper(content);';
    const back = 'alter table renamed rename to posts';
    const migrations = [
      { name: '9000_a.sql', sha256, sql: change },
      { name: '9001_b.sql', sha256, sql: back },
    ];
    await migrate({ databaseUrl, rolePrefix: 'writes', migrations });
    const { rows } = await db.asWorker((tx) => tx.execute(sql`select content from posts`));
    expect(rows).toEqual([{ content: 'X' }]);
    const forced = await db.pool.query(
      `select bool_and(relforcerowsecurity) as all from pg_class where relrowsecurity`,
    );
    expect(forced.rows).toEqual([{ all: true }]);
  });

  test('a migration that waits for a lock lets others pass, and goes on when it is free', async () => {
    const databaseUrl = await makeLogin('busy', { may: 'createrole' });
    await migrate({ databaseUrl, rolePrefix: 'busy' });
    const holder = new pg.Client({ connectionString: databaseUrl, application_name: 'report' });
    const other = new pg.Client({ connectionString: databaseUrl });
    await Promise.all([holder.connect(), other.connect()]);
    await holder.query(`delete from schema_migrations where name = '0003_server_rules.sql'`);
    await holder.query('alter table accounts drop column server_rules');
    await holder.query('begin; select count(*) from accounts');
    const told: string[] = [];
    const patience = { lockTimeoutMs: 200, pauseMs: 100, patienceMs: 30_000 };
    const migrating = migrate({ databaseUrl, rolePrefix: 'busy', patience, log: (line) => void told.push(line) });
    await expect.poll(() => told.length, { timeout: 10_000 }).toBeGreaterThan(1);
    expect(told[0]).toMatch(/0003_server_rules.sql waits for a lock.*process \d+ \(report, idle in transaction/);
    // Who only reads stands behind the waiting change no longer than its lock time-out.
    await other.query(`set statement_timeout = '2s'`);
    await other.query('select count(*) from accounts');
    await holder.query('commit');
    await migrating;
    expect(told.at(-1)).toBe('applied migration 0003_server_rules.sql');
    await Promise.all([holder.end(), other.end()]);
  });
});

describe.skipIf(missing !== null)('the ways to a PostgreSQL 15', { timeout: 60_000 }, () => {
  const servers = new AsyncDisposableStack();
  let withTls: DebianPostgres;
  let without: DebianPostgres;
  beforeAll(async () => {
    const start = async (options: DebianPostgresOptions) => servers.use(await startDebianPostgres(options));
    [withTls, without] = await Promise.all([start({ tls: true }), start({})]);
    for (const server of [withTls, without]) await server.admin('create role tls_tenant');
  }, 120_000);
  afterAll(() => servers.disposeAsync());

  const isEncrypted = async (server: DebianPostgres, host: string, query: string): Promise<boolean | string> => {
    const url = `${server.adminUrl.replace('127.0.0.1', host)}?${query}`;
    try {
      await using db = connectDatabase({
        databaseUrl: url,
        rolePrefix: 'tls',
        poolMax: 1,
        poolMin: 0,
        applicationName: 'test',
        onError: () => undefined,
      });
      await db.pool.query('set role none');
      const { rows } = await db.pool.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
      return rows[0]?.ssl === true;
    } catch (error) {
      return error instanceof Error
        ? `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`
        : String(error);
    }
  };
  const root = () => `sslrootcert=${encodeURIComponent(join(withTls.directory, 'root.pem'))}`;
  test.each([
    ['', false],
    ['sslmode=disable', false],
    ['sslmode=allow', true],
    ['sslmode=prefer', true],
    ['sslmode=require', true],
    ['sslmode=no-verify', true],
  ])('with TLS and an authority that nobody knows, "%s" connects, encrypted: %s', async (query, expected) => {
    expect(await isEncrypted(withTls, 'localhost', query)).toBe(expected);
  });

  test("with the provider's authority its certificate is checked, and by verify-full its name too", async () => {
    for (const mode of ['require', 'verify-ca', 'verify-full'])
      expect(await isEncrypted(withTls, 'localhost', `sslmode=${mode}&${root()}`), mode).toBe(true);
    expect(await isEncrypted(withTls, '127.0.0.1', `sslmode=verify-ca&${root()}`)).toBe(true);
    expect(await isEncrypted(withTls, '127.0.0.1', `sslmode=verify-full&${root()}`)).toMatch(/127\.0\.0\.1/);
  });

  test('without the authority a certificate that is to be verified is refused', async () => {
    expect(await isEncrypted(withTls, 'localhost', 'sslmode=verify-full')).toMatch(/certificate/);
    expect(await isEncrypted(withTls, 'localhost', 'sslmode=verify-full&sslrootcert=system')).toMatch(/certificate/);
    expect(await isEncrypted(withTls, 'localhost', 'sslmode=verify-ca')).toMatch(/needs sslrootcert/);
    expect(await isEncrypted(withTls, 'localhost', 'sslmode=verify-ca&sslrootcert=/gone.pem')).toMatch(
      /\/gone\.pem, cannot be read \(ENOENT\)/,
    );
    expect(await isEncrypted(withTls, 'localhost', 'sslmode=often')).toMatch(/sslmode is one of/);
  });

  test.each([
    ['sslmode=allow', false],
    ['sslmode=prefer', false],
    ['sslmode=disable', false],
    ['sslmode=require', 'no connection to the database could be taken The server does not support SSL connections'],
  ])('without TLS "%s": %s', async (query, expected) => {
    expect(await isEncrypted(without, 'localhost', query)).toBe(expected);
  });
});

function open(databaseUrl: string, rolePrefix: string): Database {
  return connectDatabase({
    databaseUrl,
    rolePrefix,
    poolMax: 2,
    poolMin: 0,
    applicationName: 'test',
    onError: () => undefined,
  });
}

async function expectTenantsApart(db: Database): Promise<void> {
  const [one, other] = [newId('organization'), newId('organization')];
  await db.asIdentity(async (tx) => {
    for (const id of [one, other]) await tx.insert(organizations).values({ id, name: id });
  });
  await db.asTenant(one, (tx) => tx.insert(posts).values({ id: newId('post'), organizationId: one, content: 'x' }));
  const seenBy = async (id: string) => (await db.asTenant(id, (tx) => tx.select({ id: posts.id }).from(posts))).length;
  expect([await seenBy(one), await seenBy(other)]).toEqual([1, 0]);
  expect((await db.asWorker((tx) => tx.execute(sql`select 1 from posts`))).rowCount).toBe(1);
}
