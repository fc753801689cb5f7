import { sql } from 'drizzle-orm';
import { migrate } from './migrate.ts';
import { createTestDatabase } from '@vibetribe/testkit/test-database';
import { expect, inject, test } from 'vitest';
import { connectDatabase } from './connect-database.ts';
import { newId } from './new-id.ts';
import { breakers } from './schema/service.ts';

async function openOneConnection() {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await createTestDatabase(inject('postgresUrl')));
  await migrate({ databaseUrl: database.url });
  const db = opening.use(
    connectDatabase({
      databaseUrl: database.url,
      poolMax: 1,
      poolMin: 0,
      applicationName: 'test',
      onError: () => undefined,
    }),
  );
  const opened = opening.move();
  return { db, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

const surroundings = sql`select current_user::text as role, current_setting('enable_seqscan') as "seqScan"`;

test('a keyed transaction has its role and settings to itself: the next one on the connection starts without them', async () => {
  await using opened = await openOneConnection();
  const { rows: within } = await opened.db.asKeyedWorker((tx) => tx.execute(surroundings));
  const { rows: after } = await opened.db.asTenant(newId('organization'), (tx) => tx.execute(surroundings));
  expect(within).toEqual([{ role: 'vibetribe_worker', seqScan: 'off' }]);
  expect(after).toEqual([{ role: 'vibetribe_tenant', seqScan: 'on' }]);
});

test('a keyed transaction that fails leaves nothing behind, and its connection works on', async () => {
  await using opened = await openOneConnection();
  const failed = opened.db.asKeyedWorker(async (tx) => {
    await tx.insert(breakers).values({ key: 'x', platform: 'x' });
    throw new Error('the work failed');
  });
  await expect(failed).rejects.toThrow('the work failed');
  expect(await opened.db.asKeyedWorker((tx) => tx.select().from(breakers))).toEqual([]);
});

test('a statement is prepared once for a connection, however often it runs', async () => {
  await using opened = await openOneConnection();
  for (let run = 0; run < 3; run += 1)
    await opened.db.asKeyedWorker((tx) => tx.execute(sql`select ${run}::int as run`));
  const { rows } = await opened.db.pool.query<{ runs: number }>(
    `select (generic_plans + custom_plans)::int as runs from pg_prepared_statements where statement like '%as run'`,
  );
  expect(rows).toEqual([{ runs: 3 }]);
});

test('a transaction whose failed statement went unnoticed is not taken for committed', async () => {
  await using opened = await openOneConnection();
  const work = opened.db.asWorker(async (tx) => {
    await tx.insert(breakers).values({ key: 'x', platform: 'x' });
    await tx.execute(sql`select 1 / 0`).catch(() => undefined);
  });
  await expect(work).rejects.toThrow('the transaction was rolled back');
  expect(await opened.db.asWorker((tx) => tx.select().from(breakers))).toEqual([]);
});
