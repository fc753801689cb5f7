import { OperatorError } from '@vibetribe/observability/operator-error';
import type pg from 'pg';
import { defaultRolePrefix } from './role-names.ts';

type Connection = Pick<pg.ClientBase, 'query'>;

/**
 * Policies name the roles, so an installation keeps its prefix for ever. A database from before it was recorded has the default.
 * @throws OperatorError where the configured one is another
 */
export async function requireRolePrefix(client: Connection, configured: string): Promise<void> {
  const { rows } = await client.query<{ prefix: string }>(
    `select value #>> '{}' as prefix from service_settings where key = 'role_prefix'`,
  );
  const recorded = rows[0]?.prefix ?? defaultRolePrefix;
  if (recorded !== configured)
    throw new OperatorError(`The roles of this database begin with ${recorded}: set DB_ROLE_PREFIX=${recorded}.`);
}

export async function recordRolePrefix(client: Connection, prefix: string): Promise<void> {
  await client.query(
    `insert into service_settings (key, value) values ('role_prefix', to_jsonb($1::text)) on conflict (key) do nothing`,
    [prefix],
  );
}
