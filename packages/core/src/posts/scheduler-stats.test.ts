import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { deletePost } from './delete-post.ts';
import { schedulerStats } from './scheduler-stats.ts';
import { createPostTestWorld, inMinutes, type PostTestWorld } from './test-harness.ts';

let world: PostTestWorld;
beforeAll(async () => {
  world = await createPostTestWorld(inject('postgresUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

test('an organization without posts has no lateness, rather than a perfect one', async () => {
  const stats = await schedulerStats(world.deps, await world.addActor());
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
  const actor = await world.addActor();
  const accountIds = [await world.addAccount(actor)];
  const add = async (minutes: number, state?: string) => {
    const post = await world.create(actor, { accountIds, scheduledAt: inMinutes(minutes) });
    if (state !== undefined) await world.sql(`update publications set ${state} where post_id = $1`, [post.id]);
    return post;
  };
  for (const minutes of [0.5, 30, 600, 6_000]) await add(minutes);
  for (const status of ['publishing', 'retrying', 'unconfirmed', 'failed']) await add(5, `status = '${status}'`);
  await add(5, `status = 'waiting', waiting_reason = 'paused'`);
  for (let second = 1; second <= 100; second += 1) {
    await add(5, `status = 'published', published_at = scheduled_at + interval '${second} s'`);
  }
  const old = `published_at = now() - interval '25 h', updated_at = now() - interval '25 h'`;
  await add(5, `status = 'published', ${old}`);
  await add(5, `status = 'failed', ${old}`);
  await deletePost(world.deps, actor, { postId: (await add(1)).id, expected: null });
  const stranger = await world.addActor();
  await world.create(stranger, { accountIds: [await world.addAccount(stranger)], scheduledAt: inMinutes(5) });

  expect(await schedulerStats(world.deps, actor)).toEqual({
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
  expect(await schedulerStats(world.deps, { ...actor, accountIds: [] })).toMatchObject({
    scheduled: 0,
    publishedLast24h: 0,
  });
});
