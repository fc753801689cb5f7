import type pg from 'pg';

type Connection = Pick<pg.ClientBase, 'query'>;

const writesRows = /^\s*(update|delete|insert|merge|with)\b/im;

/**
 * Runs a change that may write rows of every organization. Row-level security is forced, so it binds the tables' owner too, and an
 * `update` of an owner that is no superuser would find nothing, without a sign. Within the change's transaction it is not forced.
 */
export async function withAllRows(client: Connection, sql: string, change: () => Promise<void>): Promise<void> {
  const tables = writesRows.test(sql) ? await forcedTables(client) : [];
  for (const table of await namesOf(client, tables))
    await client.query(`alter table ${table} no force row level security`);
  await change();
  for (const table of await namesOf(client, tables))
    await client.query(`alter table ${table} force row level security`);
}

/** The object ids of those that bind this login: a change may rename a table. */
async function forcedTables(client: Connection): Promise<number[]> {
  const { rows } = await client.query<{ oid: number }>(`
    select c.oid from pg_class c
    where relnamespace = (select oid from pg_namespace where nspname = current_schema()) and relforcerowsecurity and pg_has_role(current_user, relowner, 'USAGE')
      and not (select rolsuper or rolbypassrls from pg_roles where rolname = current_user)
    order by c.oid`);
  return rows.map(({ oid }) => oid);
}

/** Quoted, of those that are still there. */
async function namesOf(client: Connection, oids: readonly number[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    'select oid::regclass::text as name from pg_class where oid = any($1) order by oid',
    [oids],
  );
  return rows.map(({ name }) => name);
}
