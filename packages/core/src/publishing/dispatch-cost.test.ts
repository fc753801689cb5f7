import { connectDatabase } from '@vibetribe/db/connect-database';
import { expect, inject, test } from 'vitest';
import { dispatchOnce } from './dispatch.ts';
import { createTestWorld, type TestWorld } from './test-world.ts';

const calendar = 2_000;

test('a turn of the dispatcher reads what is due soon and not the calendar', async () => {
  await using world = await createTestWorld(inject('postgresUrl'));
  const { organizationId, accountId } = await world.addAccount();
  await world.addPublication({ organizationId, accountId });
  await addCalendar(world, organizationId, accountId);
  const before = await entriesRead(world);
  const connectionString = world.deps.db.pool.options.connectionString ?? '';
  const db = connectDatabase({ databaseUrl: connectionString, poolMax: 1, poolMin: 0, applicationName: 'test', onError: () => undefined });

  const turn = await dispatchOnce({ ...world.deps, db }, world.settings, async () => undefined, AbortSignal.timeout(10_000));

  // A session's counts are complete when it has ended.
  await db[Symbol.asyncDispose]();
  expect(turn.armed).toBe(1);
  await expect.poll(async () => (await entriesRead(world)) - before).toBeGreaterThan(0);
  expect((await entriesRead(world)) - before).toBeLessThan(calendar / 10);
});

async function addCalendar(world: TestWorld, organizationId: string, accountId: string): Promise<void> {
  await world.sql(
    `insert into posts (id, organization_id, content) select 'far_' || i, $1, 'Later' from generate_series(1, ${calendar}) i`,
    [organizationId],
  );
  await world.sql(
    `insert into publications (id, organization_id, post_id, account_id, platform, status, scheduled_at, due_at)
     select 'far_' || i, $1, 'far_' || i, $2, 'x', 'scheduled', due, due
     from generate_series(1, ${calendar}) i, lateral (select now() + interval '1 day' + i * interval '1 minute' as due) d`,
    [organizationId, accountId],
  );
}

async function entriesRead(world: TestWorld): Promise<number> {
  const [row] = await world.sql<{ total: number }>(
    `select coalesce(sum(idx_tup_read), 0)::float8 as total from pg_stat_user_indexes where indexrelname in ('publications_due', 'publications_armed')`,
  );
  return row?.total ?? 0;
}
