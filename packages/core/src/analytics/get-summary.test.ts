import { addAccount } from '@vibetribe/db/testing/test-rows';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { refusal } from '../accounts/test-accounts.ts';
import { getAccountMetrics } from './get-account-metrics.ts';
import { getBestTimes } from './get-best-times.ts';
import { getPostMetrics } from './get-post-metrics.ts';
import { getSummary } from './get-summary.ts';
import { readMetrics } from './read-metrics.ts';
import { createMetricsHarness, type MetricsHarness, reading } from './test-metrics.ts';

const dayMs = 24 * 3_600_000;
const utc = { timezone: 'UTC' };
let harness: MetricsHarness;
let actor: Actor;
let accountId: string;

beforeAll(async () => {
  harness = await createMetricsHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());
beforeEach(async () => {
  actor = await harness.addOrganization();
  ({ accountId } = await harness.addNewXAccount(actor, 100 * 3_600_000));
  harness.fake.account = [reading('followers', 10)];
});

const read = () => readMetrics(harness.deps(), { patienceMs: 0 });
const ago = (days: number) => new Date(Date.now() - days * dayMs).toISOString();

async function published(days: number, numbers: Parameters<typeof reading>[], of = accountId) {
  const post = await harness.publish(actor, of, days * 24);
  harness.fake.posts.set(
    post.platformPostId,
    numbers.map((one) => reading(...one)),
  );
  return post;
}

/** A post as if it had been read, without the reading. */
async function subject(
  of: string,
  platform: string,
  publishedAt: string,
  numbers: Record<string, number>,
): Promise<void> {
  const publicationId = await harness.addPublication(actor, of, { platform, status: 'published' });
  const names = Object.keys(numbers);
  await harness.sql(
    `insert into metric_subjects (organization_id, account_id, publication_id, platform, began_at, state${names.map((name) => `, ${name}`).join('')})
     values ($1, $2, $3, $4, $5, 'read'${names.map((name) => `, ${numbers[name]}`).join('')})`,
    [actor.organizationId, of, publicationId, platform, publishedAt],
  );
}

describe('a summary', () => {
  test('adds up the posts of a period beside those of the period before, and takes no missing number for 0', async () => {
    await published(1, [
      ['reactions', 4],
      ['impressions', 100],
    ]);
    await published(2, [
      ['reactions', 6],
      ['impressions', null],
    ]);
    await published(9, [['reactions', 3]]);
    await published(40, [['reactions', 1_000]]);
    await read();
    const summary = await getSummary(harness.core, actor, { from: ago(7), ...utc });
    expect(summary).toMatchObject({ posts: 2, previousPosts: 1, groups: [], groupBy: null });
    expect(summary.metrics).toEqual([
      { metric: 'impressions', value: 100, posts: 1, previous: null, previousPosts: 0 },
      { metric: 'reactions', value: 10, posts: 2, previous: 3, previousPosts: 1 },
    ]);
    expect(summary.rates).toEqual([{ platform: 'x', per: 'impressions', value: 0.04, posts: 1 }]);
  });

  test('mixes no rates of two platforms', async () => {
    const other = await addAccount(harness.sql, { organizationId: actor.organizationId, platform: 'mastodon' });
    await subject(accountId, 'x', ago(1), { reactions: 10, impressions: 100 });
    await subject(other.accountId, 'mastodon', ago(1), { reactions: 90, reposts: 5 });
    await subject(other.accountId, 'mastodon', ago(8), { reactions: 1, views: 2 });
    const { rates, metrics } = await getSummary(harness.core, actor, { from: ago(7), ...utc });
    expect(metrics.find(({ metric }) => metric === 'reactions')).toMatchObject({ value: 100, posts: 2, previous: 1 });
    expect(rates).toEqual([{ platform: 'x', per: 'impressions', value: 0.1, posts: 1 }]);
    const { groups } = await getSummary(harness.core, actor, { from: ago(7), groupBy: 'platform', ...utc });
    expect(groups.map(({ key, posts, previousPosts, rates: of }) => [key, posts, previousPosts, of.length])).toEqual([
      ['mastodon', 1, 1, 0],
      ['x', 1, 0, 1],
    ]);
    const one = await getSummary(harness.core, actor, {
      from: ago(7),
      accountId: other.accountId,
      groupBy: 'account',
      ...utc,
    });
    expect(one.groups.map(({ key }) => key)).toEqual([other.accountId]);
    expect(one.posts).toBe(1);
  });

  test('by the hour of the day and by the day is in the time zone that was asked for', async () => {
    await subject(accountId, 'x', '2026-03-02T23:30:00Z', { views: 5 });
    await subject(accountId, 'x', '2026-02-23T23:30:00Z', { views: 2 });
    const period = { from: '2026-03-02T00:00:00Z', to: '2026-03-09T00:00:00Z', timezone: 'Europe/Berlin' };
    const hours = await getSummary(harness.core, actor, { ...period, groupBy: 'hour' });
    expect(hours.groups).toMatchObject([{ key: '0', posts: 1, previousPosts: 1 }]);
    const days = await getSummary(harness.core, actor, { ...period, groupBy: 'day' });
    expect(days.groups).toMatchObject([
      { key: '2026-03-03', posts: 1, previousPosts: 1, metrics: [{ value: 5, previous: 2 }] },
    ]);
  });

  test('the week before a change of the clocks stands day beside day', async () => {
    await subject(accountId, 'x', '2026-03-30T21:30:00Z', { views: 5 });
    await subject(accountId, 'x', '2026-03-23T22:30:00Z', { views: 2 });
    await subject(accountId, 'x', '2026-03-22T22:30:00Z', { views: 100 });
    const period = { from: '2026-03-29T22:00:00Z', to: '2026-04-05T22:00:00Z', timezone: 'Europe/Berlin' };
    const summary = await getSummary(harness.core, actor, { ...period, groupBy: 'day' });
    expect(summary).toMatchObject({ previousFrom: '2026-03-22T23:00:00.000Z', posts: 1, previousPosts: 1 });
    expect(summary.groups).toMatchObject([{ key: '2026-03-30', metrics: [{ value: 5, previous: 2 }] }]);
  });

  test('tells followers as of the end, and how many came; null where the beginning is not known', async () => {
    await read();
    const followers = async (days: number) =>
      (await getSummary(harness.core, actor, { from: ago(days), ...utc })).followers;
    expect(await followers(7)).toMatchObject([{ accountId, value: 10, change: null }]);
    await harness.sql(
      `insert into metric_snapshots (organization_id, subject_id, definition_id, captured_at, value)
       select organization_id, subject_id, definition_id, now() - interval '8 days', 4 from metric_snapshots where organization_id = $1`,
      [actor.organizationId],
    );
    expect(await followers(7)).toMatchObject([{ accountId, value: 10, change: 6 }]);
    await harness.sql(
      `delete from metric_snapshots where organization_id = $1 and captured_at > now() - interval '1 day'`,
      [actor.organizationId],
    );
    expect(await followers(7)).toMatchObject([{ accountId, value: 4, change: null }]);
  });

  test('refuses what is no period, an unknown time zone and a foreign account, by name', async () => {
    const ask = (more: object) => refusal(getSummary(harness.core, actor, { ...utc, ...more }));
    expect(await ask({ from: ago(1), to: ago(2) })).toMatchObject({ code: 'validation_failed', paths: ['to'] });
    expect(await ask({ from: ago(400) })).toMatchObject({ code: 'validation_failed', paths: ['from'] });
    await subject(accountId, 'x', ago(1), { views: 1 });
    expect(await ask({ timezone: 'No/Where', groupBy: 'hour' })).toMatchObject({ paths: ['timezone'] });
    const stranger = await harness.addOrganization();
    expect(await refusal(getSummary(harness.core, stranger, { ...utc, accountId }))).toMatchObject({
      code: 'not_found',
    });
    expect(await getSummary(harness.core, stranger, utc)).toMatchObject({ posts: 0, followers: [] });
  });

  test('by account tells the thousand with the most posts, and sums up all', async () => {
    await harness.sql(
      `insert into accounts (id, organization_id, grant_id, platform, external_id, handle, display_name, status)
       select a.id || 'n' || n, a.organization_id, a.grant_id, a.platform, a.id || n, 'many', 'Many', 'disconnected' from accounts a, generate_series(1, 1002) n where a.id = $1`,
      [accountId],
    );
    // The first has one post, the last three have two.
    await harness.sql(
      `with made as (
         insert into posts (id, organization_id, content)
         select $2 || 'n' || n || '-' || copy, $1, 'Post' from generate_series(1, 1002) n, generate_series(1, 2) copy where copy = 1 or n > 999 returning id),
       out as (
         insert into publications (id, organization_id, post_id, account_id, platform, status)
         select id, $1, id, split_part(id, '-', 1), 'x', 'published' from made returning id, account_id)
       insert into metric_subjects (organization_id, account_id, publication_id, platform, began_at, state, views)
       select $1, account_id, id, 'x', now() - interval '1 minute', 'read', 1 from out`,
      [actor.organizationId, accountId],
    );
    const { posts, groups, metrics } = await getSummary(harness.core, actor, { groupBy: 'account', ...utc });
    expect([posts, groups.length, metrics]).toMatchObject([1_005, 1_000, [{ metric: 'views', value: 1_005 }]]);
    expect(groups.filter((group) => group.posts === 2)).toHaveLength(3);
  });

  test('of a key that is limited to some accounts has theirs alone', async () => {
    const other = await addAccount(harness.sql, { organizationId: actor.organizationId });
    await subject(accountId, 'x', ago(1), { views: 1 });
    await subject(other.accountId, 'x', ago(1), { views: 2 });
    const limited: Actor = { ...actor, accountIds: [accountId] };
    expect((await getSummary(harness.core, limited, utc)).metrics).toMatchObject([{ metric: 'views', value: 1 }]);
    expect(await refusal(getSummary(harness.core, limited, { ...utc, accountId: other.accountId }))).toMatchObject({
      code: 'not_found',
    });
  });
});

describe('best times', () => {
  test('are relative to the account, rest on a number of posts, and say when these are too few', async () => {
    const today = Math.floor(Date.now() / dayMs) * dayMs;
    const monday = today - ((new Date(today).getUTCDay() + 6) % 7) * dayMs - 14 * dayMs + 9 * 3_600_000;
    for (let week = 0; week < 6; week += 1) {
      const day = new Date(monday - week * 7 * dayMs);
      await subject(accountId, 'x', day.toISOString(), { reactions: 30 });
      await subject(accountId, 'x', new Date(day.getTime() + dayMs).toISOString(), { reactions: 10 });
    }
    await subject(accountId, 'x', new Date(monday + 3 * 3_600_000).toISOString(), { reactions: 100 });
    await subject(accountId, 'x', new Date(monday + 3 * 3_600_000).toISOString(), { impressions: 100 });
    const few = await getBestTimes(harness.core, actor, { accountId, ...utc });
    expect(few).toMatchObject({ posts: 13, isEnough: false, measure: 'interactions' });
    expect(few.items.map(({ weekday, hour, posts, isEnough }) => [weekday, hour, posts, isEnough])).toEqual([
      [1, 9, 6, true],
      [2, 9, 6, true],
      [1, 12, 1, false],
    ]);
    expect((few.items[0]?.index ?? 0) / (few.items[1]?.index ?? 1)).toBeCloseTo(3);
  });
});

describe('numbers of a post', () => {
  const metricsOf = async (publicationId: string, monthlyUsd?: number) => {
    const [row] = await harness.sql<{ post_id: string }>('select post_id from publications where id = $1', [
      publicationId,
    ]);
    return getPostMetrics(harness.deps(monthlyUsd), actor, { postId: row?.post_id ?? '' });
  };

  test('tell what was not read yet apart from what the platform does not give, and null from 0', async () => {
    const { publicationId } = await published(1, [
      ['reactions', 0],
      ['impressions', null],
    ]);
    expect(await metricsOf(publicationId)).toMatchObject({
      items: [],
      publications: [{ publicationId, accountId, state: 'unread', readAt: null, notGiven: [] }],
    });
    await read();
    const { items, publications } = await metricsOf(publicationId);
    expect(items).toMatchObject([
      { metric: 'impressions', value: null, source: 'native_impressions', definitionVersion: '1', platform: 'x' },
      { metric: 'reactions', value: 0, source: 'native_reactions' },
    ]);
    expect(Date.now() - Date.parse(items[0]?.capturedAt ?? '')).toBeLessThan(120_000);
    expect(publications).toMatchObject([{ state: 'read' }]);
    expect(publications[0]?.notGiven).toContain('reach');
    expect(publications[0]?.notGiven).not.toContain('impressions');
    expect(publications[0]?.notGiven).not.toContain('followers');
  });

  test('say that reading is off where it is billed and not switched on', async () => {
    const { publicationId } = await published(1, [['reactions', 1]]);
    const { support } = harness.fake;
    harness.fake.support = { ...support, cost: { usdPerPost: 0.001, usdPerAccount: 0.01 } };
    expect(await metricsOf(publicationId)).toMatchObject({ publications: [{ state: 'off', nextReadAt: null }] });
    expect(await metricsOf(publicationId, 5)).toMatchObject({ publications: [{ state: 'unread' }] });
    harness.fake.support = support;
  });
});

test("an account's curve comes in pages, and another organization's is not there", async () => {
  await read();
  await harness.sql(
    `insert into metric_snapshots (organization_id, subject_id, definition_id, captured_at, value)
     select organization_id, subject_id, definition_id, captured_at - n * interval '1 day', 10 - n from metric_snapshots, generate_series(1, 4) n where organization_id = $1`,
    [actor.organizationId],
  );
  const first = await getAccountMetrics(harness.deps(), actor, { accountId, limit: 3, after: null });
  const second = await getAccountMetrics(harness.deps(), actor, { accountId, limit: 3, after: first.next });
  expect([...first.items, ...second.items].map(({ value }) => value)).toEqual([6, 7, 8, 9, 10]);
  expect([second.next, first.state, first.notGiven]).toEqual([null, 'read', ['following', 'posts']]);
  const stranger = await harness.addOrganization();
  expect(
    await refusal(getAccountMetrics(harness.deps(), stranger, { accountId, limit: 3, after: null })),
  ).toMatchObject({ code: 'not_found' });
});
