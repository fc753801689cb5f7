import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { deletePost } from '../lifecycle/delete-post.ts';
import { getSchedulerStats } from './get-scheduler-stats.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness } from '../test-harness.ts';

let harness: PostTestHarness;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

test('an organization without posts has no lateness, rather than a perfect one', async () => {
  const stats = await getSchedulerStats(harness.deps, await harness.addActor());
  expect(stats).toEqual({
    scheduled: 0,
    dueWithin: { '1m': 0, '1h': 0, '24h': 0 },
    publishing: 0,
    waiting: 0,
    retrying: 0,
    unconfirmed: 0,
    publishedLast24h: 0,
    failedLast24h: 0,
    latenessMs: { p50: null, p95: null, p99: null },
  });
});

test('counts are those of the own organization, of posts that are not deleted, and of the last 24 hours', async () => {
  const actor = await harness.addActor();
  const accountIds = [await harness.addAccount(actor)];
  const add = async (minutes: number, state?: string) => {
    const post = await harness.create(actor, { accountIds, scheduledAt: inMinutes(minutes) });
    if (state !== undefined) await harness.sql(`update publications set ${state} where post_id = $1`, [post.id]);
    return post;
  };
  for (const minutes of [0.5, 30, 600, 6_000]) await add(minutes);
  for (const status of ['publishing', 'retrying', 'unconfirmed', 'failed']) await add(5, `status = '${status}'`);
  await add(5, `status = 'waiting', waiting_reason = 'paused'`);
  await harness.sql(
    `with made as (
       insert into posts (id, organization_id, content, scheduled_at)
       select $1 || second, $1, 'Hello', now() from generate_series(1, 100) second returning id)
     insert into publications (id, organization_id, post_id, account_id, platform, status, scheduled_at, published_at)
     select id, $1, id, $2, 'x', 'published', now(), now() + substr(id, length($1) + 1)::int * interval '1 second' from made`,
    [actor.organizationId, accountIds[0]],
  );
  const old = `published_at = now() - interval '25 h', updated_at = now() - interval '25 h'`;
  await add(5, `status = 'published', ${old}`);
  await add(5, `status = 'failed', ${old}`);
  await deletePost(harness.deps, actor, { postId: (await add(1)).id, expected: null });
  const stranger = await harness.addActor();
  await harness.create(stranger, { accountIds: [await harness.addAccount(stranger)], scheduledAt: inMinutes(5) });

  expect(await getSchedulerStats(harness.deps, actor)).toEqual({
    scheduled: 4,
    dueWithin: { '1m': 1, '1h': 2, '24h': 3 },
    publishing: 1,
    waiting: 1,
    retrying: 1,
    unconfirmed: 1,
    publishedLast24h: 100,
    failedLast24h: 1,
    latenessMs: { p50: 50_500, p95: expect.closeTo(95_050, 3), p99: expect.closeTo(99_010, 3) },
  });
  expect(await getSchedulerStats(harness.deps, { ...actor, accountIds: [] })).toMatchObject({
    scheduled: 0,
    publishedLast24h: 0,
  });
});
