import { TimelineItem } from '@vibetribe/contracts/timeline';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { PublicationInput } from '../../publishing/state/publication-input.ts';
import { movePublications } from '../../publishing/store/decide-and-write.ts';
import { cancelPost } from '../lifecycle/cancel-post.ts';
import { readTimeline, type TimelineCursor } from './read-timeline.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness } from '../test-harness.ts';

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

test('a wait that came again and again is one entry with its count, while it lasts and afterwards', async () => {
  const actor = await harness.addActor();
  const accountIds = [await harness.addAccount(actor)];
  const post = await harness.create(actor, { accountIds, scheduledAt: inMinutes(5) });
  const id = post.publications[0]?.id ?? '';
  const look = async (input: PublicationInput) =>
    harness.deps.db.asWorker((tx) => movePublications(tx, [id], () => input));
  await harness.sql(`update publications set due_at = now() - interval '1 min' where id = $1`, [id]);
  const gate = { kind: 'wait', reason: 'rate_limit', untilMs: 1, detail: 'The limit is used up' } as const;
  for (let turn = 0; turn < 3; turn += 1) await look({ type: 'claim', leaseMs: 1, gate });

  const waiting = async () => {
    const { items } = await readTimeline(harness.deps, actor, { postId: post.id, limit: 100, after: null });
    for (const item of items) expect(TimelineItem.parse(item)).toEqual(item);
    return items.filter(({ type }) => type === 'publication.waiting');
  };
  const told = [{ count: 3, lastAt: expect.any(String), message: expect.stringMatching(/^The limit is used up\. /u) }];
  expect(await waiting()).toMatchObject(told);
  await look({ type: 'cancel' });
  expect(await waiting()).toMatchObject(told);
});
