import { TimelineItem } from '@vibetribe/contracts/timeline';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { cancelPost } from './cancel-post.ts';
import { readTimeline, type TimelineCursor } from './read-timeline.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness } from './test-harness.ts';

let harness: PostTestHarness;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

test('a timeline tells what was decided and why, oldest first, page by page', async () => {
  const actor = await harness.addActor();
  const accountIds = [await harness.addAccount(actor), await harness.addAccount(actor)];
  const post = await harness.create(actor, { accountIds, scheduledAt: inMinutes(5) });
  await harness.create(actor, { accountIds });
  await cancelPost(harness.deps, actor, { postId: post.id });
  const items = [];
  let after: TimelineCursor | null = null;
  do {
    const page: Awaited<ReturnType<typeof readTimeline>> = await readTimeline(harness.deps, actor, {
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
