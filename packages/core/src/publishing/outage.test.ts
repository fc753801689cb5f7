import { addBreaker } from '@vibetribe/db/testing/test-rows';
import { startTestSandbox, type TestSandbox } from '@vibetribe/platforms/testing/test-sandbox';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { expect, inject, test } from 'vitest';
import { type Core, createCore } from '../create-core.ts';
import { createPublishingEngine, type PublishingEngine } from './publishing-engine.ts';
import { createTestHarness, type TestHarness, withoutFiles } from './testing/test-harness.ts';

const minuteMs = 60_000;
const stepMs = 30_000;

interface Row {
  id: string;
  status: string;
  attempts: number;
  retries_used: number;
  waiting_reason: string | null;
  overdue: boolean;
  looks_again: boolean;
}

test(
  'a platform that is down for half an hour, refusing and answering 503, costs no post anything: all wait, say so, and go out once',
  { timeout: 120_000 },
  async () => {
    await using harness = await createTestHarness(inject('postgresUrl'));
    await using sandbox = await startTestSandbox(process.execPath);
    await using core = openCore(harness, sandbox);
    const line = { isCut: true };
    await using engine = engineOn(harness, core, line);
    const accounts = [await connect(harness, sandbox), await connect(harness, sandbox)];
    const dueInMinutes = [0, 14, 18, 29, 40];
    for (const { organizationId, accountId } of accounts) {
      for (const [index, minutes] of dueInMinutes.entries()) {
        await harness.addPublication({ organizationId, accountId, dueInMs: minutes * minuteMs, text: `Post ${index}` });
      }
    }

    const told = new Set<string>();
    for (let passedMs = 0; passedMs < 30 * minuteMs; passedMs += stepMs) {
      if (passedMs === 15 * minuteMs) {
        line.isCut = false;
        await sandbox.control('POST', '/_sandbox/faults', { platform: 'x', kind: 'http-503' });
      }
      await publishDue(harness, engine);
      for (const row of await readAll(harness)) {
        expect(['scheduled', 'waiting', 'retrying']).toContain(row.status);
        expect(row.retries_used).toBeLessThanOrEqual(1);
        if (row.overdue) expect(row).toMatchObject({ looks_again: true });
        if (row.waiting_reason !== null) told.add(row.waiting_reason);
      }
      await pass(harness, sandbox, stepMs);
    }
    const sentInVain = (await readAll(harness)).reduce((sum, { attempts }) => sum + attempts, 0);
    // Five open the breaker, those of the same second among them; then one probe a minute.
    expect(sentInVain).toBeLessThanOrEqual(40);
    expect([...told].toSorted()).toEqual(['breaker', 'burst_guard', 'reconciling']);

    await sandbox.control('DELETE', '/_sandbox/faults');
    const isDone = async () => (await readAll(harness)).every(({ status }) => status === 'published');
    for (let passedMs = 0; passedMs < 40 * minuteMs && !(await isDone()); passedMs += stepMs) {
      await publishDue(harness, engine);
      await pass(harness, sandbox, stepMs);
    }
    expect((await readAll(harness)).filter(({ status }) => status !== 'published')).toEqual([]);
    for (const { externalId } of accounts) {
      const { items } = await sandbox.posts('x', externalId);
      expect(items.map(({ text }) => text).toSorted()).toEqual(dueInMinutes.map((_, index) => `Post ${index}`));
    }
    expect(await harness.sql(`select 1 from notifications`)).toEqual([]);
    expect(await harness.sql(`select 1 from events where type = 'publication.failed'`)).toEqual([]);
  },
);

test(
  'a post that is there while the list does not show it, and whose repeat is a duplicate, is never called failed',
  { timeout: 120_000 },
  async () => {
    await using harness = await createTestHarness(inject('postgresUrl'));
    await using sandbox = await startTestSandbox(process.execPath);
    await using core = openCore(harness, sandbox);
    await using engine = engineOn(harness, core, { isCut: false });
    const faulty = async (lagMinutes: number, text: string) => {
      const account = await connect(harness, sandbox);
      const fault = { platform: 'x', account: account.externalId };
      await sandbox.control('POST', '/_sandbox/faults', {
        ...fault,
        kind: 'listing-lag',
        delayMs: lagMinutes * minuteMs,
      });
      const lost = { ...fault, method: 'POST', pathIncludes: '/2/tweets', kind: 'reset-after', times: 1 };
      await sandbox.control('POST', '/_sandbox/faults', lost);
      return { ...account, id: await harness.addPublication({ ...account, text }) };
    };
    const late = await faulty(4, 'Shown late');
    const never = await faulty(60, 'Never shown');
    const hasEnded = async () =>
      (await readAll(harness)).every(({ status }) => /^(?:published|failed|unconf)/u.test(status));
    for (let passedMs = 0; passedMs < 40 * minuteMs && !(await hasEnded()); passedMs += minuteMs) {
      await publishDue(harness, engine);
      await pass(harness, sandbox, minuteMs);
    }
    const statuses = Object.fromEntries((await readAll(harness)).map(({ id, status }) => [id, status]));
    expect(statuses).toEqual({ [late.id]: 'published', [never.id]: 'unconfirmed' });
    for (const { externalId } of [late, never]) expect((await sandbox.posts('x', externalId)).items).toHaveLength(1);
    expect(await harness.sql(`select 1 from events where type = 'publication.failed'`)).toEqual([]);
  },
);

test('after an outage a post that fails without asking the platform has failed, and does not wait for it', async () => {
  await using harness = await createTestHarness(inject('postgresUrl'));
  const message = 'X named an address for the file that is not its own';
  const publish = () => Promise.reject(new PlatformError('unavailable', message, { platformCode: 'upload_address' }));
  const deps = { ...harness.deps, adapters: { ...harness.deps.adapters, x: { ...harness.deps.adapters.x, publish } } };
  await using engine = createPublishingEngine(deps, {
    settings: { ...harness.settings, retryDelaysMs: [1, 1] },
    owner: 'test',
    media: withoutFiles,
    random: () => 0,
  });
  const { organizationId, accountId } = await harness.addAccount();
  const publicationId = await harness.addPublication({ organizationId, accountId, text: 'Stays here' });
  await engine.publish(publicationId);
  // Seen by nobody's call since: another post's, a moment after this one's first fault.
  await addBreaker(harness.sql, { platform: 'x', failures: 1, lastFailureAt: new Date() });
  const statuses: string[] = [];
  for (let tries = 0; tries < 3; tries += 1) {
    await harness.sql(`update publications set due_at = clock_timestamp() where due_at is not null`);
    await engine.publish(publicationId);
    statuses.push((await readAll(harness)).map(({ status }) => status).join());
  }
  expect(statuses.at(-1)).toBe('failed');
});

/** Refuses connections: nobody listens there. */
const nobody = '127.0.0.1:1';

/** As in production, from the rules to the wire. */
function openCore({ deps }: TestHarness, sandbox: TestSandbox): Core {
  const config = {
    sandboxUrl: sandbox.url,
    ssrfAllow: [nobody],
    postsPerHour: {},
    appPostsPerDay: {},
    platformEnv: {},
  };
  return createCore({ ...deps, config, bus: { publish: () => Promise.resolve() } });
}

function engineOn(harness: TestHarness, core: Core, line: { isCut: boolean }): PublishingEngine {
  const endpoints: Core['endpoints'] = (platform) => ({
    ...core.endpoints(platform),
    ...(line.isCut ? { api: `http://${nobody}` } : {}),
  });
  return createPublishingEngine(
    { ...core, endpoints },
    {
      settings: { ...harness.settings, reconcileQuietMs: null },
      owner: 'test',
      media: withoutFiles,
      random: () => 0,
    },
  );
}

async function connect(harness: TestHarness, sandbox: TestSandbox) {
  const made = await sandbox.makeAccount('x');
  const connected = await harness.addAccount();
  const [row] = await harness.sql<{ grant_id: string }>(
    'update accounts set external_id = $2, handle = $3 where id = $1 returning grant_id',
    [connected.accountId, made.account.id, made.account.handle],
  );
  const grantId = row?.grant_id ?? '';
  const place = { organizationId: connected.organizationId, table: 'grants', rowId: grantId, column: 'credentials' };
  const credentials = harness.deps.keyRing.seal(
    JSON.stringify({ accessToken: made['accessToken'], scopes: [] }),
    place,
  );
  await harness.sql('update grants set credentials = $2 where id = $1', [grantId, credentials]);
  return { ...connected, externalId: made.account.id };
}

async function readAll(harness: TestHarness): Promise<Row[]> {
  return harness.sql<Row>(
    `select id, status, attempts, retries_used, waiting_reason, scheduled_at < clock_timestamp() as overdue,
       due_at is not null as looks_again from publications`,
  );
}

async function publishDue(harness: TestHarness, engine: PublishingEngine): Promise<void> {
  const due = await harness.sql<{ id: string }>(
    'select id from publications where due_at <= clock_timestamp() and lease_until is null',
  );
  await Promise.all(due.map(({ id }) => engine.publish(id)));
}

/** Time passes for the platform, and for the product: everything that the database knows a time of has happened, or will, so much earlier. */
async function pass(harness: TestHarness, sandbox: TestSandbox, ms: number): Promise<void> {
  await sandbox.control('POST', '/_sandbox/clock', { advanceMs: ms });
  const columns = await harness.sql<{ table: string; sets: string }>(
    `select table_name as table, string_agg(format('%1$I = %1$I - $1 * interval ''1 ms''', column_name), ', ') as sets
     from information_schema.columns
     where table_schema = 'public' and data_type = 'timestamp with time zone' and is_generated = 'NEVER'
       and table_name in ('posts', 'publications', 'attempts', 'publication_steps', 'breakers', 'accounts', 'app_limits')
     group by 1`,
  );
  for (const { table, sets } of columns) await harness.sql(`update ${table} set ${sets}`, [ms]);
}
