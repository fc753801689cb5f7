import { createTestDatabase, templateDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import { connectDatabase, type Database } from '../connect-database.ts';
import { migrate } from '../migrate.ts';

export interface MigratedDatabase extends AsyncDisposable {
  readonly url: string;
  readonly db: Database;
  /** As the database's owner. */
  readonly sql: <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<Row[]>;
}

/** @param login `ordinary`: the tables' owner is neither superuser nor may it bypass row-level security, as on managed servers */
export async function openMigratedDatabase(
  postgresUrl: string,
  login: 'superuser' | 'ordinary' = 'superuser',
): Promise<MigratedDatabase> {
  await using opening = new AsyncDisposableStack();
  const template =
    login === 'superuser'
      ? { template: await templateDatabase(postgresUrl, 'core', (url) => migrate({ databaseUrl: url })) }
      : {};
  const database = opening.use(await createTestDatabase(postgresUrl, template));
  const url = login === 'superuser' ? database.url : await ownedByOrdinaryLogin(database.url, opening);
  if (login === 'ordinary') await migrate({ databaseUrl: url });
  const db = opening.use(
    connectDatabase({ databaseUrl: url, poolMax: 5, poolMin: 0, applicationName: 'test', onError: () => undefined }),
  );
  const owner = opening.adopt(new pg.Pool({ connectionString: database.url, max: 2 }), (pool) => pool.end());
  const opened = opening.move();
  return {
    url,
    db,
    sql: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await owner.query<Row>(text, values)).rows,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** A login that may make roles, as a managed server's administrator may, and owns the database. */
async function ownedByOrdinaryLogin(databaseUrl: string, opening: AsyncDisposableStack): Promise<string> {
  const url = new URL(databaseUrl);
  const database = url.pathname.slice(1);
  const login = `owner_${database.slice(-12)}`;
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`create role ${login} login password 'ordinary' createrole nosuperuser nobypassrls`);
  // Other databases of this server may have made the roles already.
  for (const role of ['vibetribe_tenant', 'vibetribe_worker', 'vibetribe_identity']) {
    const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role]);
    if (rowCount === 1) await client.query(`grant ${role} to ${login} with admin option`);
  }
  await client.query(`alter database ${database} owner to ${login}`);
  await client.query(`alter schema public owner to ${login}`);
  await client.end();
  opening.defer(() => dropLogin(databaseUrl, login));
  url.username = login;
  url.password = 'ordinary';
  return url.href;
}

async function dropLogin(databaseUrl: string, login: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`reassign owned by ${login} to current_user`);
  await client.query(`drop owned by ${login}`);
  await client.query(`drop role ${login}`);
  await client.end();
}
