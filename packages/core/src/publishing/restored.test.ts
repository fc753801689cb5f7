import { type MadeAccount, startTestSandbox, type TestSandbox } from '@vibetribe/platforms/testing/test-sandbox';
import { expect, inject, test } from 'vitest';
import { type Core, createCore } from '../create-core.ts';
import { createPublishingEngine } from './publishing-engine.ts';
import { createTestHarness, type TestHarness, withoutFiles } from './testing/test-harness.ts';

/** It takes a key of ours, and keeps it for as long as the post is there. */
const platform = 'bluesky';

test('a database that is restored to before the claim sends the post again to where it is: it appears once', async () => {
  await using harness = await createTestHarness(inject('postgresUrl'));
  await using sandbox = await startTestSandbox(process.execPath);
  await using core = openCore(harness, sandbox);
  const account = await connect(harness, await sandbox.makeAccount(platform), sandbox.hosts[platform] ?? '');
  const id = await harness.addPublication({ ...account, text: 'Once, and never again' });
  await harness.sql('update publications set platform = $1', [platform]);
  const before = await harness.sql('select * from publications');
  const [written] = await harness.sql<{ columns: string }>(
    `select string_agg(quote_ident(column_name), ', ') as columns from information_schema.columns
     where table_name = 'publications' and table_schema = current_schema() and is_generated = 'NEVER'`,
  );
  const publish = async () => {
    // A publisher that was started after the restore: nothing of it remembers the first send.
    const options = { settings: harness.settings, owner: 'test', media: withoutFiles, random: () => 0 };
    await using engine = createPublishingEngine(core, options);
    await engine.publish(id);
    return harness.sql('select status, platform_post_id, url from publications');
  };

  const first = await publish();
  expect(first).toMatchObject([{ status: 'published' }]);
  for (const table of ['events', 'attempts', 'publication_steps', 'publications'])
    await harness.sql(`delete from ${table}`);
  await harness.sql(
    `insert into publications (${written?.columns}) select ${written?.columns} from jsonb_populate_record(null::publications, $1)`,
    [JSON.stringify(before[0])],
  );
  await harness.sql(`update posts set content = 'Once, and edited before it had gone out'`);

  expect(await publish()).toEqual(first);
  const { items, commits } = await sandbox.posts(platform, account.externalId);
  expect(items.map(({ text }) => text)).toEqual(['Once, and never again']);
  expect(commits).toBe(1);
});

function openCore({ deps }: TestHarness, sandbox: TestSandbox): Core {
  const config = { sandboxUrl: sandbox.url, ssrfAllow: [], postsPerHour: {}, appPostsPerDay: {}, platformEnv: {} };
  return createCore({ ...deps, config, bus: { publish: () => Promise.resolve() } });
}

async function connect(harness: TestHarness, made: MadeAccount, service: string) {
  const connected = await harness.addAccount();
  const [row] = await harness.sql<{ grant_id: string }>(
    'update accounts set platform = $2, service = $3, external_id = $4, handle = $5 where id = $1 returning grant_id',
    [connected.accountId, platform, service, made.account.id, made.account.handle],
  );
  const grantId = row?.grant_id ?? '';
  const place = { organizationId: connected.organizationId, table: 'grants', rowId: grantId, column: 'credentials' };
  const credentials = harness.deps.keyRing.seal(
    JSON.stringify({ accessToken: made['accessToken'], scopes: [] }),
    place,
  );
  await harness.sql('update grants set credentials = $2, platform = $3, service = $4 where id = $1', [
    grantId,
    credentials,
    platform,
    service,
  ]);
  return { ...connected, externalId: made.account.id };
}
