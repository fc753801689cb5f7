import type pg from 'pg';
import { connectOnce } from './connect-once.ts';
import { type Migration, migrationFiles, migrationText } from './migration-files.ts';
import { requireRights } from './require-rights.ts';
import { defaultRolePrefix, type RoleNames, roleNames } from './role-names.ts';
import { recordRolePrefix, requireRolePrefix } from './role-prefix.ts';
import { withAllRows } from './with-all-rows.ts';
import { type LockPatience, withoutBlocking } from './without-blocking.ts';

/** Any number that no one else locks: two migrations of one database wait for each other. */
const advisoryLockKey = 7_204_119_355;

export interface MigrateOptions {
  readonly databaseUrl: string;
  /** Default `vibetribe`. */
  readonly rolePrefix?: string | undefined;
  readonly log?: ((message: string) => void) | undefined;
  readonly patience?: LockPatience | undefined;
  /** Default: the files under `migrations/`. */
  readonly migrations?: readonly Migration[] | undefined;
}

/**
 * Applies the SQL files under `migrations/` that the database does not have yet, in name order, each in a transaction of its own.
 * A file that changed after it was applied is an error: migrations are immutable.
 * @throws OperatorError where the login may not do it, with what an administrator has to run
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const { rolePrefix = defaultRolePrefix, log = () => undefined } = options;
  const roles = roleNames(rolePrefix);
  await using connection = await connectOnce({
    databaseUrl: options.databaseUrl,
    applicationName: 'vibetribe-migrate',
    // What a login's own defaults may say of time-outs is meant for short statements.
    settings: { statement_timeout: '0', lock_timeout: '0', idle_in_transaction_session_timeout: '0' },
  });
  const { client } = connection;
  const { schema } = await requireRights(client, roles);
  await lockOutOthers(client, log);
  await client.query(
    'create table if not exists schema_migrations (name text primary key, sha256 text not null, applied_at timestamptz not null default now())',
  );
  const applied = await appliedMigrations(client);
  if (applied.size > 0) await requireRolePrefix(client, rolePrefix);
  for (const migration of options.migrations ?? (await migrationFiles())) {
    const known = applied.get(migration.name);
    if (known === migration.sha256) continue;
    if (known !== undefined) throw new Error(`migration ${migration.name} was changed after it was applied`);
    const attempt = () => apply(client, migration, { roles, schema });
    await withoutBlocking(client, attempt, { what: `migration ${migration.name}`, log, patience: options.patience });
    log(`applied migration ${migration.name}`);
  }
  await recordRolePrefix(client, rolePrefix);
}

async function lockOutOthers(client: pg.Client, log: (message: string) => void): Promise<void> {
  const { rows } = await client.query<{ isOurs: boolean }>('select pg_try_advisory_lock($1) as "isOurs"', [
    advisoryLockKey,
  ]);
  if (rows[0]?.isOurs === true) return;
  log('another migration of this database is running: waiting for its end');
  await client.query('select pg_advisory_lock($1)', [advisoryLockKey]);
}

async function appliedMigrations(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; sha256: string }>('select name, sha256 from schema_migrations');
  return new Map(rows.map((row) => [row.name, row.sha256]));
}

async function apply(
  client: pg.Client,
  migration: Migration,
  names: { readonly roles: RoleNames; readonly schema: string },
): Promise<void> {
  await client.query('begin');
  try {
    const text = migrationText(migration.sql, names);
    await withAllRows(client, text, async () => void (await client.query(text)));
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
