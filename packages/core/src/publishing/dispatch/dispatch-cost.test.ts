import { connectDatabase } from '@vibetribe/db/connect-database';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { dispatchOnce } from './dispatch.ts';
import { createTestHarness, type TestHarness } from '../testing/test-harness.ts';

const calendar = 2_000;

let harness: TestHarness;
let account: { organizationId: string; accountId: string };
beforeEach(async () => {
  harness = await createTestHarness(inject('postgresUrl'));
  account = await harness.addAccount();
});
afterEach(() => harness[Symbol.asyncDispose]());

test('a turn of the dispatcher reads what is due soon and not the calendar', async () => {
  await addPosts('soon', 1, 'now()');
  await addPosts('far', calendar, `now() + interval '1 day' + i * interval '1 minute'`);
  const before = await entriesRead();
  await using dispatcher = openDispatcher();
  expect((await dispatcher.turn()).enqueued).toBe(1);
  await dispatcher[Symbol.asyncDispose]();
  await expect.poll(async () => (await entriesRead()) - before).toBeGreaterThan(0);
  expect((await entriesRead()) - before).toBeLessThan(calendar / 10);
});

test('a turn that enqueues a crowd reads the crowd and not all that its organization has, although its plan is from when there was nothing', async () => {
  await using dispatcher = openDispatcher();
  expect((await dispatcher.turn()).enqueued).toBe(0);
  await addPosts('soon', 200, `now() - i * interval '1 ms'`);
  await addPosts('far', calendar, `now() + interval '1 day' + i * interval '1 minute'`);
  const before = await rowsRead();
  expect((await dispatcher.turn()).enqueued).toBe(200);
  await dispatcher[Symbol.asyncDispose]();
  await expect.poll(async () => (await rowsRead()) - before).toBeGreaterThan(0);
  expect((await rowsRead()) - before).toBeLessThan(calendar / 2);
});

/** On a connection of its own: a session's counts are complete when it has ended. */
function openDispatcher() {
  const db = connectDatabase({
    databaseUrl: harness.databaseUrl,
    poolMax: 1,
    poolMin: 0,
    applicationName: 'test',
    onError: () => undefined,
  });
  let ended: Promise<void> | null = null;
  return {
    turn: () =>
      dispatchOnce({ ...harness.deps, db }, harness.settings, async () => undefined, AbortSignal.timeout(10_000)),
    [Symbol.asyncDispose]: () => (ended ??= Promise.resolve(db[Symbol.asyncDispose]())),
  };
}

/** `due` is SQL over the post's number `i`. */
async function addPosts(name: string, count: number, due: string): Promise<void> {
  const { organizationId, accountId } = account;
  await harness.sql(
    `insert into posts (id, organization_id, content) select $2 || i, $1, 'Later' from generate_series(1, ${count}) i`,
    [organizationId, name],
  );
  await harness.sql(
    `insert into publications (id, organization_id, post_id, account_id, platform, status, scheduled_at, due_at)
     select $3 || i, $1, $3 || i, $2, 'x', 'scheduled', due, due from generate_series(1, ${count}) i, lateral (select ${due} as due) d`,
    [organizationId, accountId, name],
  );
}

async function entriesRead(): Promise<number> {
  const [row] = await harness.sql<{ total: number }>(
    `select coalesce(sum(idx_tup_read), 0)::float8 as total from pg_stat_user_indexes where indexrelname in ('publications_due', 'publications_armed')`,
  );
  return row?.total ?? 0;
}

async function rowsRead(): Promise<number> {
  const [row] = await harness.sql<{ total: number }>(
    `select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8 as total from pg_stat_user_tables where relname = 'publications'`,
  );
  return row?.total ?? 0;
}
