import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

export interface TestDatabase extends AsyncDisposable {
  url: string;
}

const closingLooks = 40;
const closingPauseMs = 25;

/** A database of the caller's own, dropped afterwards even if connections are left. `template`: from `templateDatabase`. */
export async function createTestDatabase(
  postgresUrl: string,
  options: { template?: string } = {},
): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const template = options.template === undefined ? '' : ` template ${pg.escapeIdentifier(options.template)}`;
  await runSql(postgresUrl, `create database ${name}${template}`);
  return {
    url: databaseUrl(postgresUrl, name),
    [Symbol.asyncDispose]: () => dropDatabase(postgresUrl, name),
  };
}

/** Connections that are still closing get a moment: ended by force, they would fail in whoever closes them. */
async function dropDatabase(postgresUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    const isUsed = async () =>
      (await client.query('select 1 from pg_stat_activity where datname = $1 limit 1', [name])).rowCount !== 0;
    for (let look = 0; look < closingLooks && (await isUsed()); look += 1) await delay(closingPauseMs);
    await client.query(`drop database if exists ${name} with (force)`);
  } finally {
    await client.end();
  }
}

/**
 * Makes a prepared (migrated) database once per server, whoever asks first, and returns its name for `createTestDatabase`.
 * @param prepare gets the new database's URL and closes its connections before it returns
 */
export async function templateDatabase(
  postgresUrl: string,
  name: string,
  prepare: (url: string) => Promise<void>,
): Promise<string> {
  const template = `template_${name}`;
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock(hashtext($1))', [template]);
    const found = await client.query<{ datistemplate: boolean }>(
      'select datistemplate from pg_database where datname = $1',
      [template],
    );
    if (found.rows[0]?.datistemplate === true) return template;
    // Not marked as a template: an earlier preparation failed half-way.
    await client.query(`drop database if exists ${pg.escapeIdentifier(template)} with (force)`);
    await client.query(`create database ${pg.escapeIdentifier(template)}`);
    await prepare(databaseUrl(postgresUrl, template));
    await client.query(`alter database ${pg.escapeIdentifier(template)} is_template true`);
    return template;
  } finally {
    await client.end();
  }
}

function databaseUrl(postgresUrl: string, name: string): string {
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function runSql(postgresUrl: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
