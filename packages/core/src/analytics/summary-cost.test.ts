import { connectDatabase } from '@vibetribe/db/connect-database';
import { addAccount } from '@vibetribe/db/testing/test-rows';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { getSummary } from './get-summary.ts';
import { createMetricsHarness, type MetricsHarness } from './test-metrics.ts';

const posts = 2_000;
const inPeriod = 100;
const snapshotsEach = 10;

let harness: MetricsHarness;
beforeAll(async () => {
  harness = await createMetricsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

test('a summary reads the posts of its period, once, and none of their snapshots', async () => {
  const actor = await harness.addOrganization();
  const { accountId } = await addAccount(harness.sql, { organizationId: actor.organizationId });
  await fill(actor, accountId);
  const before = await rowsRead();
  const db = connectDatabase({
    databaseUrl: harness.place.databaseUrl,
    poolMax: 1,
    poolMin: 0,
    applicationName: 'test',
    onError: () => undefined,
  });
  const from = new Date(Date.now() - (inPeriod / 2) * 3_600_000 + 60_000).toISOString();
  const summary = await getSummary({ ...harness.core, db }, actor, { from, timezone: 'UTC', groupBy: 'day' });
  // A session's counts are complete when it has ended.
  await db[Symbol.asyncDispose]();
  expect(summary.posts + summary.previousPosts).toBeGreaterThan(inPeriod - 10);
  await expect.poll(async () => (await rowsRead()).subjects - before.subjects).toBeGreaterThan(0);
  const after = await rowsRead();
  expect(after.subjects - before.subjects).toBeLessThan(posts / 4);
  expect(after.snapshots - before.snapshots).toBeLessThan(snapshotsEach);
});

/** A post an hour. */
async function fill({ organizationId }: Actor, accountId: string): Promise<void> {
  await harness.sql(
    `insert into posts (id, organization_id, content) select 'c' || i, $1, 'Post' from generate_series(1, ${posts}) i`,
    [organizationId],
  );
  await harness.sql(
    `insert into publications (id, organization_id, post_id, account_id, platform, status, published_at)
     select 'c' || i, $1, 'c' || i, $2, 'x', 'published', now() - i * interval '1 hour' from generate_series(1, ${posts}) i`,
    [organizationId, accountId],
  );
  await harness.sql(
    `insert into metric_subjects (organization_id, account_id, publication_id, platform, began_at, state, views)
     select organization_id, account_id, id, platform, published_at, 'read', 7 from publications where account_id = $1`,
    [accountId],
  );
  await harness.sql(
    `insert into metric_definitions (platform, metric, source, version) values ('x', 'views', 'cost', '1') on conflict do nothing`,
  );
  await harness.sql(
    `insert into metric_snapshots (organization_id, subject_id, definition_id, captured_at, value)
     select s.organization_id, s.id, d.id, now() - n * interval '1 minute', n from metric_subjects s, metric_definitions d, generate_series(1, ${snapshotsEach}) n
     where s.account_id = $1`,
    [accountId],
  );
  await harness.sql('analyze metric_subjects');
  await harness.sql('analyze metric_snapshots');
}

async function rowsRead(): Promise<{ subjects: number; snapshots: number }> {
  const rows = await harness.sql<{ relname: string; total: number }>(
    `select relname, (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8 as total from pg_stat_user_tables
     where relname in ('metric_subjects', 'metric_snapshots')`,
  );
  const of = (name: string) => rows.find(({ relname }) => relname === name)?.total ?? 0;
  return { subjects: of('metric_subjects'), snapshots: of('metric_snapshots') };
}
