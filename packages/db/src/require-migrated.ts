import { OperatorError } from '@vibetribe/observability/operator-error';
import type pg from 'pg';
import { migrationNames } from './migration-files.ts';
import { requireRolePrefix } from './role-prefix.ts';

const remedy = 'run npm run migrate with the same DATABASE_URL, then start again';

/**
 * Makes sure that this database is one of ours and as new as this code.
 * @param client as the login itself, in no other role
 * @returns migrations of a newer version that the database has beyond ours
 * @throws OperatorError
 */
export async function requireMigrated(
  client: Pick<pg.ClientBase, 'query'>,
  options: { readonly rolePrefix: string },
): Promise<{ unknown: readonly string[] }> {
  const { rows: found } = await client.query<{ isThere: boolean; database: string; schema: string | null }>(
    `select to_regclass('schema_migrations') is not null as "isThere", current_database() as database, current_schema() as schema`,
  );
  const [place] = found;
  if (place?.isThere !== true) {
    throw new OperatorError(
      `The database ${place?.database} has no tables of VibeTribe (schema ${place?.schema ?? 'none'}): ${remedy}.`,
    );
  }
  const { rows } = await client.query<{ name: string }>('select name from schema_migrations');
  const applied = new Set(rows.map(({ name }) => name));
  const ours = await migrationNames();
  const missing = ours.filter((name) => !applied.has(name));
  if (missing.length > 0)
    throw new OperatorError(`The database ${place.database} lacks ${missing.join(', ')}: ${remedy}.`);
  await requireRolePrefix(client, options.rolePrefix);
  return { unknown: [...applied].filter((name) => !ours.includes(name)) };
}
