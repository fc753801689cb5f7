import { OperatorError } from '@vibetribe/observability/operator-error';
import pg from 'pg';
import type { RoleNames } from './role-names.ts';

type Connection = Pick<pg.ClientBase, 'query'>;

/** Who we are where, and what we may do there. */
interface Rights {
  login: string;
  database: string;
  /** The schema that unqualified names are made in; null where the search path names none that is there. */
  schema: string | null;
  mayMakeSchemas: boolean;
  mayMakeTables: boolean;
}

interface RoleState {
  role: string;
  isThere: boolean;
  isOurs: boolean;
  isAboveRules: boolean;
}

/** Two migrations of one server at once may be in each other's way; each looks again. */
const attemptsMax = 5;

/**
 * Makes sure that the login may do what the migrations do, and that the three roles are there and may be taken. It makes the roles
 * where it may.
 * @returns the schema that the tables are made in
 * @throws OperatorError with the statements for an administrator, all of them at once
 */
export async function requireRights(client: Connection, roles: RoleNames): Promise<{ schema: string }> {
  const rights = await readRights(client);
  const { schema } = rights;
  if (schema === null) {
    throw new OperatorError(
      'The search path of this login names no schema that it may use: create one, and name it with ' +
        `alter role ${quote(rights.login)} set search_path = ...`,
    );
  }
  const missing = await makeRoles(client, roles);
  const statements = [...statementsForRoles(missing, rights, roles), ...statementsForSchemas(rights, schema)];
  if (statements.length === 0) return { schema };
  throw new OperatorError(
    [
      `The login ${rights.login} may not do all that a migration does. Let an administrator of the server run this once in the`,
      `database ${rights.database}, then start the migration again:`,
      ...statements.map((statement) => `  ${statement}`),
    ].join('\n'),
  );
}

async function readRights(client: Connection): Promise<Rights> {
  const { rows } = await client.query<Rights>(`
    select current_user as login, current_database() as database, current_schema() as schema,
      has_database_privilege(current_database(), 'CREATE') as "mayMakeSchemas",
      coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) as "mayMakeTables"`);
  const [rights] = rows;
  if (rights === undefined) throw new Error('the server told nothing of this login');
  return rights;
}

/** @returns the roles that are missing, or that this login may not take */
async function makeRoles(client: Connection, roles: RoleNames): Promise<RoleState[]> {
  for (let attempt = 1; ; attempt += 1) {
    const states = await readRoles(client, roles);
    const above = states.filter(({ isAboveRules }) => isAboveRules).map(({ role }) => role);
    if (above.length > 0) {
      throw new OperatorError(
        `Row-level security does not bind ${above.join(', ')}, so organizations would not be kept apart: ` +
          `alter role ... nosuperuser nobypassrls, or choose another DB_ROLE_PREFIX.`,
      );
    }
    const missing = states.filter(({ isThere, isOurs }) => !isThere || !isOurs);
    if (missing.length === 0 || attempt > attemptsMax) return missing;
    for (const state of missing) {
      const outcome = await makeRole(client, state);
      if (outcome === 'forbidden') return missing;
    }
  }
}

async function readRoles(client: Connection, roles: RoleNames): Promise<RoleState[]> {
  const { rows } = await client.query<RoleState>(
    `select role, r.oid is not null as "isThere", coalesce(r.rolsuper or r.rolbypassrls, false) as "isAboveRules",
       coalesce(pg_has_role(current_user, r.oid,
         case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end), false) as "isOurs"
     from unnest($1::text[]) as role left join pg_roles r on r.rolname = role`,
    [Object.values(roles)],
  );
  return rows;
}

const insufficientPrivilege = '42501';
/** duplicate_object, unique_violation, invalid_grant_operation, and "tuple concurrently updated". */
const racedCodes = new Set(['42710', '23505', '0LP01', 'XX000']);

async function makeRole(client: Connection, { role, isThere }: RoleState): Promise<'done' | 'forbidden'> {
  try {
    if (!isThere) await client.query(createRole(role));
    await client.query(`grant ${quote(role)} to current_user`);
    return 'done';
  } catch (error) {
    const code = error instanceof pg.DatabaseError ? (error.code ?? '') : '';
    if (code === insufficientPrivilege) return 'forbidden';
    if (racedCodes.has(code)) return 'done';
    throw error;
  }
}

function statementsForRoles(missing: readonly RoleState[], { login }: Rights, roles: RoleNames): string[] {
  if (missing.length === 0) return [];
  const created = missing.filter(({ isThere }) => !isThere).map(({ role }) => `${createRole(role)};`);
  const granted = `grant ${Object.values(roles).map(quote).join(', ')} to ${quote(login)};`;
  const isShared = created.length < missing.length;
  const hint = '-- Roles that another installation on this server uses already: rather set another DB_ROLE_PREFIX.';
  return [...created, ...(isShared ? [hint] : []), granted];
}

function statementsForSchemas(rights: Rights, schema: string): string[] {
  const login = quote(rights.login);
  return [
    ...(rights.mayMakeSchemas ? [] : [`grant create on database ${quote(rights.database)} to ${login};`]),
    ...(rights.mayMakeTables ? [] : [`grant usage, create on schema ${quote(schema)} to ${login};`]),
  ];
}

function createRole(role: string): string {
  return `create role ${quote(role)} nologin nosuperuser nocreatedb nocreaterole nobypassrls`;
}

/** Plain names stay plain: an administrator reads them. */
function quote(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : pg.escapeIdentifier(name);
}
