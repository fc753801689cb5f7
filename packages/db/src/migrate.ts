import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';

/** Any number that no one else locks: two migrations of one database wait for each other. */
const advisoryLockKey = 7_204_119_355;
const migrationsUrl = new URL('../migrations/', import.meta.url);

/**
 * Applies the SQL files under `migrations/` that the database does not have yet, in name order, each in a transaction of its own.
 * A file that changed after it was applied is an error: migrations are immutable.
 */
export async function migrate(options: { databaseUrl: string; log?: (message: string) => void }): Promise<void> {
  const client = new pg.Client({ connectionString: options.databaseUrl });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [advisoryLockKey]);
    await client.query(
      'create table if not exists schema_migrations (name text primary key, sha256 text not null, applied_at timestamptz not null default now())',
    );
    const applied = await appliedMigrations(client);
    for (const migration of await migrationFiles()) {
      const known = applied.get(migration.name);
      if (known === migration.sha256) continue;
      if (known !== undefined) throw new Error(`migration ${migration.name} was changed after it was applied`);
      await apply(client, migration);
      options.log?.(`applied migration ${migration.name}`);
    }
  } finally {
    await client.end();
  }
}

interface Migration {
  name: string;
  sql: string;
  sha256: string;
}

async function appliedMigrations(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; sha256: string }>('select name, sha256 from schema_migrations');
  return new Map(rows.map((row) => [row.name, row.sha256]));
}

async function migrationFiles(): Promise<Migration[]> {
  const names = (await readdir(migrationsUrl)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, migrationsUrl), 'utf8');
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(migration.sql);
    await client.query('insert into schema_migrations (name, sha256) values ($1, $2)', [
      migration.name,
      migration.sha256,
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw new Error(`migration ${migration.name} failed`, { cause: error });
  }
}
