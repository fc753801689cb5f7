import { sql } from 'drizzle-orm';
import { expect, inject, test } from 'vitest';
import { connectDatabase } from './connect-database.ts';
import { ConnectionUnavailableError } from './product-pool.ts';
import { openMigratedDatabase } from './testing/migrated-database.ts';

const open = (databaseUrl: string) =>
  connectDatabase({
    databaseUrl,
    poolMax: 1,
    poolMin: 0,
    applicationName: 'test',
    connectTimeoutMs: 1_000,
    onError: () => undefined,
  });

test('work that finds no free connection in time is refused with a class and a code, however it asks for one', async () => {
  await using database = await openMigratedDatabase(inject('postgresUrl'));
  await using db = open(database.url);
  const client = await db.pool.connect();
  const asked = [
    db.asTenant('org', (tx) => tx.execute(sql`select 1`)),
    db.asWorker((tx) => tx.execute(sql`select 1`)),
    db.asKeyedWorker((tx) => tx.execute(sql`select 1`)),
    db.ping(),
    db.pool.query('select 1'),
  ];
  const results = await Promise.allSettled(asked);
  client.release();
  for (const result of results) {
    expect(result.status).toBe('rejected');
    if (result.status === 'rejected')
      expect(unavailableIn(result.reason)).toMatchObject({ code: 'connection_unavailable' });
  }
  expect(await db.ping()).toBeGreaterThan(0);
});

test('what the network says about a server that is away keeps its code', async () => {
  await using db = connectDatabase({
    databaseUrl: 'postgres://127.0.0.1:1/none',
    poolMax: 1,
    poolMin: 0,
    applicationName: 'test',
    onError: () => undefined,
  });
  await expect(db.ping()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

function unavailableIn(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof ConnectionUnavailableError) return cause;
  return error;
}
