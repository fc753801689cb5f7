import type { Actor } from '@vibetribe/core/actor';
import { getBestTimes } from '@vibetribe/core/analytics/get-best-times';
import { getSummary } from '@vibetribe/core/analytics/get-summary';
import { connectDatabase } from '@vibetribe/db/connect-database';
import { adapters } from '@vibetribe/platforms/registry';
import { openCalendar } from './open-calendar.ts';
import { median, print, spread, verdict } from './report.ts';
import type { Servers } from './servers.ts';
import type { Settings } from './settings.ts';

const posts = 20_000;
const metrics = ['impressions', 'reactions', 'comments', 'reposts', 'clicks'];
const rounds = 15;

const actor: Actor = {
  organizationId: 'org_0',
  userId: null,
  role: 'viewer',
  scopes: null,
  accountIds: null,
  serviceAdmin: false,
  principal: 'user:bench',
};

/** What a summary costs one organization that has all the snapshots: 90 days, so that the period before is as long. */
export async function analytics(servers: Servers, { snapshots }: Settings): Promise<void> {
  print(
    `\n## Analytics: ${posts} posts of 180 days with ${snapshots} snapshots, all of one organization, median of ${rounds}, ms`,
  );
  await using opening = new AsyncDisposableStack();
  const { pool, databaseUrl } = opening.use(await openCalendar(servers, 1));
  await pool.query(fill(snapshots));
  await pool.query('vacuum analyze');
  const db = opening.use(
    connectDatabase({ databaseUrl, poolMax: 4, poolMin: 0, applicationName: 'bench', onError: () => undefined }),
  );
  const clock = { now: () => new Date(), monotonicMs: () => performance.now() };
  const deps = { db, adapters, clock, metricsMonthlyUsd: () => null };
  const from = new Date(Date.now() - 90 * 86_400_000).toISOString();
  const asked = { from, timezone: 'Europe/Berlin' };
  const questions = {
    'summary of all': () => getSummary(deps, actor, asked),
    'summary by account': () => getSummary(deps, actor, { ...asked, groupBy: 'account' }),
    'summary by hour': () => getSummary(deps, actor, { ...asked, groupBy: 'hour' }),
    'summary by day': () => getSummary(deps, actor, { ...asked, groupBy: 'day' }),
    'best times': () => getBestTimes(deps, actor, asked),
  };
  for (const [name, ask] of Object.entries(questions)) {
    await ask();
    const ms: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const startedAtMs = performance.now();
      await ask();
      ms.push(performance.now() - startedAtMs);
    }
    print(`${name.padEnd(20)} ${spread(ms, 1)}`);
    verdict(`${name}, ms`, median(ms), { atMost: 100 }, 0);
  }
}

/** Each post has as many snapshots of each of its metrics as make the sum; one account for each hundred posts. */
function fill(snapshots: number): string {
  const each = Math.round(snapshots / posts / metrics.length);
  // Without the foreign keys' triggers a million rows are there in seconds.
  return `
    set session_replication_role = replica;
    insert into accounts (id, organization_id, grant_id, platform, external_id, handle, display_name)
    select 'acc_own_' || i, 'org_0', 'grt_0', 'x', 'own' || i, 'bench', 'Bench' from generate_series(1, 200) i;
    insert into posts (id, organization_id, content) select 'pst_own_' || i, 'org_0', 'Post' from generate_series(1, ${posts}) i;
    insert into publications (id, organization_id, post_id, account_id, platform, status, platform_post_id, published_at)
    select 'pub_own_' || i, 'org_0', 'pst_own_' || i, 'acc_own_' || 1 + i % 200, 'x', 'published', i, now() - i * interval '180 days' / ${posts}
    from generate_series(1, ${posts}) i;
    insert into metric_definitions (platform, metric, source, version)
    select 'x', m, m, '1' from unnest(array['${metrics.join("','")}', 'followers']) m;
    insert into metric_subjects (organization_id, account_id, publication_id, platform, began_at, state, read_at)
    select organization_id, account_id, id, platform, published_at, 'read', now() from publications where status = 'published';
    insert into metric_subjects (organization_id, account_id, platform, began_at, state, read_at)
    select organization_id, id, platform, now() - interval '180 days', 'read', now() from accounts where id like 'acc_own_%';
    insert into metric_snapshots (organization_id, subject_id, definition_id, captured_at, value)
    select 'org_0', s.id, d.id, greatest(s.began_at, now() - interval '90 days') + n * interval '1 hour', (s.id * d.id * n) % 5000
    from generate_series(1, ${each}) n cross join metric_subjects s cross join metric_definitions d
    where s.publication_id is not null and d.metric <> 'followers';
    insert into metric_snapshots (organization_id, subject_id, definition_id, captured_at, value)
    select 'org_0', s.id, d.id, now() - n * interval '1 day', 1000 - n
    from generate_series(1, 180) n cross join metric_subjects s cross join metric_definitions d
    where s.publication_id is null and d.metric = 'followers';
    insert into metric_latest (organization_id, subject_id, metric, definition_id, value, captured_at)
    select distinct on (n.subject_id, d.metric) n.organization_id, n.subject_id, d.metric, d.id, n.value, n.captured_at
    from metric_snapshots n join metric_definitions d on d.id = n.definition_id order by n.subject_id, d.metric, n.captured_at desc;
    update metric_subjects s set ${metrics.map((metric) => `${metric} = n.${metric}`).join(', ')}
    from (select subject_id, ${metrics.map((metric) => `max(value) filter (where metric = '${metric}') as ${metric}`).join(', ')} from metric_latest group by 1) n
    where n.subject_id = s.id;
    set session_replication_role = origin`;
}
