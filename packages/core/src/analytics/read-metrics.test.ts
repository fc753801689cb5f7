import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { readMetrics } from './read-metrics.ts';
import { createMetricsHarness, type MetricsHarness, reading } from './test-metrics.ts';

const hourMs = 3_600_000;
let harness: MetricsHarness;
let actor: Actor;
let accountId: string;

beforeAll(async () => {
  harness = await createMetricsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());
beforeEach(async () => {
  await harness.reset();
  actor = await harness.addOrganization();
  ({ accountId } = await harness.addNewXAccount(actor, 100 * hourMs));
});

const run = () => readMetrics(harness.deps(), { patienceMs: 0 });

interface Subject {
  publication_id: string | null;
  state: string;
  unchanged: number;
  failures: number;
  due_in_hours: number | null;
}

async function subjects(): Promise<Subject[]> {
  return harness.sql<Subject>(
    `select publication_id, state, unchanged, failures, round(extract(epoch from due_at - now()) / 3600)::int as due_in_hours
     from metric_subjects order by id`,
  );
}

async function snapshots() {
  return harness.sql(
    `select d.metric, s.value from metric_snapshots s join metric_definitions d on d.id = s.definition_id order by s.captured_at, s.definition_id`,
  );
}

async function refuseOnce(error: PlatformError): Promise<void> {
  harness.fake.beforeAnswer = async (call) => {
    if (call !== null) throw error;
  };
}

describe('a run', () => {
  test('reads posts in requests of their account, and its followers, and says when each is asked again', async () => {
    for (const ageHours of [1, 10, 30, 100, 24 * 400]) {
      const { platformPostId } = await harness.publish(actor, accountId, ageHours);
      harness.fake.posts.set(platformPostId, [reading('reactions', 5)]);
    }
    expect(await run()).toMatchObject({ enrolled: 5, changed: 5, failed: 0, hasYielded: false });
    expect(harness.fake.asked.map(({ length }) => length)).toEqual([1, 3, 1]);
    expect((await subjects()).map(({ due_in_hours }) => due_in_hours)).toEqual([24, 24, 12, 3, 1]);
    expect(await snapshots()).toHaveLength(5);
    expect(await run()).toMatchObject({ read: 0, changed: 0 });
  });

  test('in two processes at once asks for each post once', async () => {
    for (let index = 0; index < 12; index += 1) await harness.publish(actor, accountId);
    await Promise.all([run(), run()]);
    const ids = harness.fake.asked.flat().filter((id) => id !== 'account');
    expect(ids).toHaveLength(12);
    expect(new Set(ids).size).toBe(12);
  });

  test('keeps a snapshot where a number has changed, and waits longer where none has', async () => {
    const { platformPostId } = await harness.publish(actor, accountId);
    for (const value of [5, 5, 5, 6]) {
      harness.fake.posts.set(platformPostId, [reading('reactions', value)]);
      await run();
      await harness.makeDue();
    }
    expect((await snapshots()).filter(({ metric }) => metric === 'reactions')).toEqual([
      { metric: 'reactions', value: 5 },
      { metric: 'reactions', value: 6 },
    ]);
    expect((await snapshots()).filter(({ metric }) => metric === 'followers')).toHaveLength(4);
    const [told] = await harness.sql<{ count: number }>(
      `select count(*)::int as count from events where type = 'analytics.updated' and data ? 'postId' and organization_id = $1`,
      [actor.organizationId],
    );
    expect(told?.count).toBe(2);
    const [event] = await harness.sql(
      `select data -> 'metrics' as metrics, data ->> 'accountId' as account from events
       where type = 'analytics.updated' and data ? 'postId' and organization_id = $1 order by id desc limit 1`,
      [actor.organizationId],
    );
    expect(event).toEqual({ metrics: { reactions: 6 }, account: accountId });
  });

  test('doubles the wait for a post without news', async () => {
    const { platformPostId } = await harness.publish(actor, accountId);
    harness.fake.posts.set(platformPostId, [reading('reactions', 5)]);
    for (const [unchanged, hours] of [
      [0, 1],
      [1, 2],
      [2, 4],
      [3, 8],
      [4, 8],
    ] as const) {
      await run();
      expect((await subjects()).find(({ publication_id }) => publication_id !== null)).toMatchObject({
        unchanged,
        due_in_hours: hours,
      });
      await harness.makeDue();
    }
  });

  test('a number that is not given is kept as none, and one that is no number too', async () => {
    const { platformPostId } = await harness.publish(actor, accountId);
    harness.fake.posts.set(platformPostId, [
      reading('impressions', null),
      reading('reactions', 0),
      reading('views', -1),
    ]);
    await run();
    const rows = await harness.sql(
      `select metric, value from metric_latest where metric <> 'followers' order by metric`,
    );
    expect(rows).toEqual([
      { metric: 'impressions', value: null },
      { metric: 'reactions', value: 0 },
      { metric: 'views', value: null },
    ]);
  });

  test('a post that the platform has no more is marked and asked for no more; a new one gets a second look', async () => {
    const old = await harness.publish(actor, accountId);
    harness.fake.posts.set(old.platformPostId, [reading('reactions', 5)]);
    await run();
    harness.fake.posts.clear();
    const young = await harness.publish(actor, accountId);
    await harness.makeDue();
    expect(await run()).toMatchObject({ gone: 1 });
    const states = async () =>
      new Map(
        (await subjects()).map(({ publication_id, state, due_in_hours }) => [publication_id, [state, due_in_hours]]),
      );
    expect((await states()).get(old.publicationId)).toEqual(['gone', null]);
    expect((await states()).get(young.publicationId)).toEqual(['unread', 1]);
    await harness.makeDue();
    await run();
    expect((await states()).get(young.publicationId)).toEqual(['gone', null]);
  });
});

test('a post that was not reached beside others is not read: it is asked for in the next run', async () => {
  const [reached, left] = [await harness.publish(actor, accountId, 100), await harness.publish(actor, accountId, 100)];
  harness.fake.posts.set(reached.platformPostId, [reading('reactions', 5)]);
  harness.fake.posts.set(left.platformPostId, []);
  expect(await run()).toMatchObject({ read: 0, changed: 2, gone: 0 });
  const stateOf = async ({ publicationId }: { publicationId: string }) =>
    (await subjects()).find(({ publication_id }) => publication_id === publicationId);
  expect(await stateOf(reached)).toMatchObject({ state: 'read', due_in_hours: 24 });
  expect(await stateOf(left)).toMatchObject({ state: 'unread', failures: 0, due_in_hours: 1 });
  await harness.sql(`update metric_subjects set due_at = now() where publication_id = $1`, [left.publicationId]);
  await run();
  expect(await stateOf(left)).toMatchObject({ state: 'read', due_in_hours: 48 });
});

describe('a run by hand', () => {
  const byHand = () => readMetrics(harness.deps(), { patienceMs: 0, isByHand: true });

  test('reads what is young again although it is not due', async () => {
    const young = await harness.publish(actor, accountId);
    const old = await harness.publish(actor, accountId, 24 * 8);
    for (const { platformPostId } of [young, old]) harness.fake.posts.set(platformPostId, [reading('reactions', 1)]);
    await run();
    harness.fake.asked.length = 0;
    await byHand();
    expect(harness.fake.asked).toEqual([['account'], [young.platformPostId]]);
  });

  test('keeps the time that a platform told, and costs nothing', async () => {
    const { platformPostId } = await harness.publish(actor, accountId);
    harness.fake.posts.set(platformPostId, [reading('reactions', 1)]);
    await run();
    await harness.makeDue();
    await refuseOnce(new PlatformError('rate_limit', 'Slow.', { platformCode: '429', retryAfterMs: hourMs }));
    await run();
    harness.fake.asked.length = 0;
    await byHand();
    expect(harness.fake.asked).toEqual([]);
    await harness.sql(`update metric_subjects set not_before = null`);
    harness.fake.support = { ...harness.fake.support, cost: { usdPerPost: 0.001, usdPerAccount: 0.01 } };
    await readMetrics(harness.deps(1), { patienceMs: 0, isByHand: true });
    expect(harness.fake.asked).toEqual([]);
  });
});

describe('publishing goes first', () => {
  test('nothing is asked while posts are late', async () => {
    await harness.publish(actor, accountId);
    const late = await harness.addPublication(actor, accountId, {
      scheduledAt: new Date(Date.now() - 60_000),
      dueAt: new Date(Date.now() - 60_000),
    });
    expect(await run()).toMatchObject({ hasYielded: true });
    expect(harness.fake.asked).toEqual([]);
    await harness.sql(`update publications set lease_until = now() + interval '1 minute' where id = $1`, [late]);
    expect(await run()).toMatchObject({ hasYielded: false });
    expect(harness.fake.asked.length).toBeGreaterThan(0);
  });

  test('a run stops between two requests when posts become late', async () => {
    for (let index = 0; index < 6; index += 1) await harness.publish(actor, accountId);
    harness.fake.beforeAnswer = async (call) => {
      if (call !== null)
        await harness.addPublication(actor, accountId, {
          dueAt: new Date(Date.now() - 60_000),
          scheduledAt: new Date(),
        });
    };
    expect(await run()).toMatchObject({ hasYielded: true });
    expect(harness.fake.asked.flat().filter((id) => id !== 'account')).toHaveLength(3);
  });
});

describe('a refusal', () => {
  test('of a limit closes the account until the told time, and nothing more is asked of it', async () => {
    for (let index = 0; index < 6; index += 1) await harness.publish(actor, accountId);
    await refuseOnce(new PlatformError('rate_limit', 'Slow.', { platformCode: '429', retryAfterMs: 5 * hourMs }));
    expect(await run()).toMatchObject({ limited: 3 });
    expect(harness.fake.asked.map(([id]) => id)).toHaveLength(2);
    expect(
      (await subjects()).filter(({ publication_id }) => publication_id !== null).map((one) => one.due_in_hours),
    ).toEqual(Array.from({ length: 6 }, () => 5));
  });

  test('for want of a permission is told once, asked about in a week or once it is connected again, and over once it is given', async () => {
    const { platformPostId } = await harness.publish(actor, accountId);
    await refuseOnce(new PlatformError('permission', 'The scope tweet.read is missing.', { platformCode: '403' }));
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await run()).toMatchObject({ denied: 1 });
      expect((await subjects()).map(({ due_in_hours }) => due_in_hours)).toEqual([24, 168]);
      await harness.makeDue();
    }
    const told = () =>
      harness.sql(`select body from notifications where kind = 'account_metrics_denied' and organization_id = $1`, [
        actor.organizationId,
      ]);
    expect(await told()).toHaveLength(1);
    expect(await run()).toMatchObject({ denied: 1 });
    expect(await run()).toMatchObject({ denied: 0 });
    harness.fake.beforeAnswer = async () => undefined;
    harness.fake.posts.set(platformPostId, [reading('reactions', 1)]);
    await harness.sql('update grants set created_at = clock_timestamp()');
    expect(await run()).toMatchObject({ changed: 1 });
    expect(await harness.sql('select posts_denied from metric_subjects where publication_id is null')).toEqual([
      { posts_denied: null },
    ]);
  });

  test('of some numbers, of posts and of the account, is told once; the others are read as ever until all are given', async () => {
    const { platformPostId } = await harness.publish(actor, accountId);
    harness.fake.posts.set(platformPostId, [reading('reactions', 3), reading('views', null)]);
    const missing = new PlatformError('permission', 'Some need read_insights.', { platformCode: 'scope_missing' });
    harness.fake.beforeAnswer = async (call) => {
      if (call === null) throw missing;
      call.onDenied?.(missing);
    };
    const denials = () => harness.sql('select posts_denied from metric_subjects where publication_id is null');
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await run()).toMatchObject({ denied: 1, failed: 0 });
      expect((await subjects()).map(({ due_in_hours }) => due_in_hours)).toEqual([168, 1 + turn]);
      await harness.makeDue();
    }
    expect(await denials()).toEqual([{ posts_denied: 'Some need read_insights.' }]);
    const told = `select 1 from notifications where kind = 'account_metrics_denied' and organization_id = $1`;
    expect(await harness.sql(told, [actor.organizationId])).toHaveLength(1);
    harness.fake.beforeAnswer = async () => undefined;
    await run();
    expect(await denials()).toEqual([{ posts_denied: null }]);
  });

  test('that passes is tried again, later each time, and is no number', async () => {
    await harness.publish(actor, accountId);
    await refuseOnce(new PlatformError('unavailable', 'Down.', { platformCode: '503' }));
    for (const hours of [1, 2, 4]) {
      expect(await run()).toMatchObject({ failed: 1 });
      expect((await subjects()).find(({ publication_id }) => publication_id !== null)).toMatchObject({
        due_in_hours: hours,
        state: 'unread',
      });
      await harness.makeDue();
    }
    expect(await harness.sql(`select 1 from metric_latest where metric <> 'followers'`)).toEqual([]);
  });
});
