import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { getSummary } from './get-summary.ts';
import { readMetrics } from './read-metrics.ts';
import { createMetricsHarness, type MetricsHarness, reading } from './test-metrics.ts';

let harness: MetricsHarness;
let actor: Actor;
let accountId: string;

beforeAll(async () => {
  harness = await createMetricsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

const run = (monthlyUsd?: number) => readMetrics(harness.deps(monthlyUsd), { patienceMs: 0 });

describe('where reading is billed', () => {
  const cost = { usdPerPost: 0.001, usdPerAccount: 0.01 };
  const spent = async () =>
    (await harness.sql<{ micros: string }>('select micros from metric_costs'))[0]?.micros ?? '0';

  beforeEach(async () => {
    await harness.reset();
    actor = await harness.addOrganization();
    ({ accountId } = await harness.addNewXAccount(actor, 360_000_000));
    harness.fake.support = { ...harness.fake.support, cost, postsPerRequest: 10 };
    for (let index = 0; index < 30; index += 1) {
      const { platformPostId } = await harness.publish(actor, accountId);
      harness.fake.posts.set(platformPostId, [reading('reactions', 1)]);
    }
  });

  test('nothing is asked unless the operator has set a limit', async () => {
    expect(await run()).toMatchObject({ changed: 0 });
    expect(await run(0)).toMatchObject({ changed: 0 });
    expect([harness.fake.asked, await spent()]).toEqual([[], '0']);
  });

  test('the month never costs more than the limit, whoever asks at once, and goes on in the next', async () => {
    await Promise.all([run(0.031), run(0.031), run(0.031)]);
    expect(Number(await spent())).toBe(30_000);
    expect(harness.fake.asked.filter(([id]) => id !== 'account')).toHaveLength(2);
    await harness.makeDue();
    expect(await run(0.031)).toMatchObject({ unaffordable: expect.any(Number), changed: 0 });
    expect(harness.fake.asked).toHaveLength(3);
    await harness.sql(`update metric_costs set month = month - interval '1 month'`);
    await harness.makeDue();
    await run(0.031);
    expect(harness.fake.asked.length).toBeGreaterThan(3);
  });

  test('what the month may cost, and has cost an organization, stands in its summary; a service admin sees what all have spent', async () => {
    const other = await harness.addOrganization();
    await harness.addNewXAccount(other, 360_000_000);
    await run(1);
    const costs = async (asking: Actor, usd?: number) =>
      (await getSummary({ ...harness.deps(usd), clock: harness.core.clock }, asking, { timezone: 'UTC' })).costs;
    const resetAt = expect.stringMatching(/^\d{4}-\d\d-01T00:00:00(?:\.0+)?Z$/u);
    // 30 posts and the followers of the one, the followers of the other.
    const [spentUsd, spentByOther] = [0.04, 0.01];
    expect(await costs(actor, 1)).toEqual([{ platform: 'x', monthlyUsd: 1, spentUsd, resetAt }]);
    expect(await costs(actor)).toMatchObject([{ platform: 'x', monthlyUsd: 0 }]);
    expect(await costs(other, 1)).toMatchObject([{ spentUsd: spentByOther }]);
    const keyOfServiceAdmin: Actor = { ...other, serviceAdmin: true, scopes: ['read'] };
    expect(await costs(keyOfServiceAdmin, 1)).toMatchObject([{ spentUsd: spentByOther }]);
    expect(await costs({ ...other, serviceAdmin: true }, 1)).toMatchObject([{ spentUsd: spentUsd + spentByOther }]);
  });

  test('a request whose process dies counts as spent, one that is refused does not, and what is billed less comes back', async () => {
    harness.fake.account = [];
    await harness.sql('update metric_subjects set due_at = null where publication_id is null');
    harness.fake.beforeAnswer = async (call) => {
      if (call === null) return;
      expect(await spent()).toBe('20000');
      throw new PlatformError('permission', 'No.', { platformCode: '403' });
    };
    await run(1);
    expect(await spent()).toBe('10000');
    await harness.makeDue();
    harness.fake.beforeAnswer = async (call) => call?.onBilled?.(4);
    await run(1);
    expect(await spent()).toBe(String(10_000 + 10_000 + 3 * 4_000));
    expect(await harness.sql('select micros from organization_costs')).toEqual([{ micros: await spent() }]);
    await harness.makeDue();
    harness.fake.beforeAnswer = async () => {
      throw new Error('the connection is gone, and so is this process');
    };
    await run(1);
    expect(await spent()).toBe(String(32_000 + 10_000));
  });
});
