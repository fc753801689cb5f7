import { connectDatabase, type Database } from '@vibetribe/db/connect-database';
import { migrate } from '@vibetribe/db/migrate';
import { createPasswordHasher, type PasswordHasher } from '@vibetribe/security/password';
import { createTestDatabase, templateDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';

export interface TestIdentity extends AsyncDisposable {
  readonly db: Database;
  readonly passwords: PasswordHasher;
  /** As the database's owner. */
  readonly sql: <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<Row[]>;
}

export async function createTestIdentity(postgresUrl: string): Promise<TestIdentity> {
  await using opening = new AsyncDisposableStack();
  const template = await templateDatabase(postgresUrl, 'core', (url) => migrate({ databaseUrl: url }));
  const database = opening.use(await createTestDatabase(postgresUrl, { template }));
  const db = opening.use(
    connectDatabase({
      databaseUrl: database.url,
      poolMax: 5,
      poolMin: 0,
      applicationName: 'test',
      onError: () => undefined,
    }),
  );
  const owner = opening.adopt(new pg.Pool({ connectionString: database.url, max: 1 }), (pool) => pool.end());
  const opened = opening.move();
  return {
    db,
    passwords: createPasswordHasher({ concurrencyMax: 2 }),
    sql: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await owner.query<Row>(text, values)).rows,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
