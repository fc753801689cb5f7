import { startTestSandbox } from '@vibetribe/platforms/testing/test-sandbox';
import { expect, inject, test } from 'vitest';
import { createCore } from '../create-core.ts';
import { createPublishingEngine } from '../publishing/publishing-engine.ts';
import { createTestHarness, withoutFiles } from '../publishing/testing/test-harness.ts';
import { readMetrics } from './read-metrics.ts';

const nothing = { publish: () => Promise.resolve() };

test(
  'what followers do on X is read by the own timeline, for what X bills, once a day, and not beyond the limit',
  { timeout: 60_000 },
  async () => {
    await using harness = await createTestHarness(inject('postgresUrl'));
    await using sandbox = await startTestSandbox(process.execPath);
    const config = { sandboxUrl: sandbox.url, ssrfAllow: [], postsPerHour: {}, appPostsPerDay: {}, platformEnv: {} };
    await using core = createCore({ ...harness.deps, config, bus: nothing });
    await using engine = createPublishingEngine(core, {
      settings: harness.settings,
      owner: 'test',
      media: withoutFiles,
      random: () => 0,
    });
    const made = await sandbox.makeAccount('x');
    const { organizationId, accountId } = await harness.addAccount();
    const [row] = await harness.sql<{ grant_id: string }>(
      'update accounts set external_id = $2, handle = $3 where id = $1 returning grant_id',
      [accountId, made.account.id, made.account.handle],
    );
    const rowId = row?.grant_id ?? '';
    const place = { organizationId, table: 'grants', rowId, column: 'credentials' };
    const credentials = JSON.stringify({ accessToken: made['accessToken'], scopes: [] });
    await harness.sql('update grants set credentials = $2 where id = $1', [
      rowId,
      core.keyRing.seal(credentials, place),
    ]);
    for (const text of ['One', 'Two'])
      await engine.publish(await harness.addPublication({ organizationId, accountId, text, dueInMs: 0 }));
    const numbers = { likes: 41, comments: 3, shares: 0, followers: 1_234 };
    await sandbox.control('POST', '/_sandbox/audience', { platform: 'x', account: made.account.id, ...numbers });

    const run = (usd: number) => readMetrics({ ...core, metricsMonthlyUsd: () => usd }, { patienceMs: 0 });
    const spent = () => harness.sql('select micros::int from metric_costs');
    expect(await run(0)).toMatchObject({ changed: 0 });
    expect(await run(1)).toMatchObject({ changed: 3, failed: 0, denied: 0, gone: 0 });
    expect(await spent()).toEqual([{ micros: 10_000 + 2 * 1_000 }]);
    const values = await harness.sql(
      `select l.metric, d.source, l.value from metric_latest l join metric_definitions d on d.id = l.definition_id
       where l.metric in ('followers', 'reactions', 'comments', 'reposts') order by 1, 2, 3`,
    );
    const ofPost = [
      { metric: 'comments', source: 'reply_count', value: 3 },
      { metric: 'reactions', source: 'like_count', value: 41 },
      { metric: 'reposts', source: 'retweet_count', value: 0 },
    ];
    expect(values).toEqual(
      [...ofPost, ...ofPost, { metric: 'followers', source: 'followers_count', value: 1_234 }].toSorted((one, other) =>
        one.metric.localeCompare(other.metric),
      ),
    );
    expect(
      await harness.sql(
        `select distinct round(extract(epoch from due_at - now()) / 3600)::int as hours from metric_subjects`,
      ),
    ).toEqual([{ hours: 24 }]);
    await harness.sql('update metric_subjects set due_at = now()');
    expect(await run(0.1)).toMatchObject({ unaffordable: 2 });
    expect(await spent()).toEqual([{ micros: 22_000 }]);
  },
);
