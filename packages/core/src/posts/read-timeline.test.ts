import { TimelineItem } from '@vibetribe/contracts/timeline';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { cancelPost } from './cancel-post.ts';
import { readTimeline, type TimelineCursor } from './read-timeline.ts';
import { createPostTestWorld, inMinutes, type PostTestWorld } from './test-harness.ts';

let world: PostTestWorld;
beforeAll(async () => {
  world = await createPostTestWorld(inject('postgresUrl'));
});
afterAll(() => world[Symbol.asyncDispose]());

test('a timeline tells what was decided and why, oldest first, page by page', async () => {
  const actor = await world.addActor();
  const accountIds = [await world.addAccount(actor), await world.addAccount(actor)];
  const post = await world.create(actor, { accountIds, scheduledAt: inMinutes(5) });
  await world.create(actor, { accountIds });
  await cancelPost(world.deps, actor, { postId: post.id });
  const items = [];
  let after: TimelineCursor | null = null;
  do {
    const page: Awaited<ReturnType<typeof readTimeline>> = await readTimeline(world.deps, actor, {
      postId: post.id,
      limit: 2,
      after,
    });
    items.push(...page.items);
    after = page.next;
  } while (after !== null);
  expect(items.map(({ type, publicationId }) => [type, publicationId])).toEqual([
    ['post.created', undefined],
    ...post.publications.map(({ id }) => ['publication.scheduled', id]),
    ...post.publications.map(({ id }) => ['publication.canceled', id]),
  ]);
  for (const item of items) expect(TimelineItem.parse(item)).toEqual(item);
  expect(items.every((item) => item.message.length > 0)).toBe(true);
});
