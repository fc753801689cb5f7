import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createPostTestHarness, inMinutes, type PostTestHarness } from '../test-harness.ts';
import { publishPost } from './publish-post.ts';
import { updatePost } from '../edit/update-post.ts';

let harness: PostTestHarness;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

/** Sent once, and refused by a platform that takes nothing from this account for a day. */
async function refusedPost() {
  const actor = await harness.addActor();
  const accountId = await harness.addAccount(actor);
  const { id: postId, publications } = await harness.create(actor, {
    content: 'Old',
    accountIds: [accountId],
    scheduledAt: inMinutes(0),
  });
  const publicationId = publications[0]?.id ?? '';
  await harness.sql(
    `update publications set status = 'waiting', waiting_reason = 'rate_limit', waiting_detail = 'full', attempts = 1,
       due_at = now() + interval '1 day' where id = $1`,
    [publicationId],
  );
  await harness.sql(`update accounts set posts_closed_until = now() + interval '1 day' where id = $1`, [accountId]);
  await harness.sql(
    `insert into publication_steps (organization_id, publication_id, name, effect, key, result, done_at)
     values ($1, $2, 'mentions', 'read', null, '{"ada": "did:ada"}', now()), ($1, $2, 'publish', 'once', '"k"', null, null)`,
    [actor.organizationId, publicationId],
  );
  return { actor, accountId, postId, publicationId };
}

describe('a post that waits as the platform has refused it', () => {
  test('is published now: it asks the platform once more, although that had closed the account', async () => {
    const { actor, postId, publicationId } = await refusedPost();
    await publishPost(harness.deps, actor, { postId });
    expect(await harness.claim(publicationId)).toMatchObject({ kind: 'claimed', work: { purpose: 'send' } });
  });

  test('is edited, and nothing that was prepared for the old text is used for the new one', async () => {
    const { actor, accountId, postId, publicationId } = await refusedPost();
    const { post } = await updatePost(harness.deps, actor, { postId, change: { content: 'New' }, expected: null });
    expect(post).toMatchObject({ content: 'New', publications: [{ status: 'waiting' }] });
    await harness.sql('update accounts set posts_closed_until = null where id = $1', [accountId]);
    await harness.sql('update publications set due_at = now() where id = $1', [publicationId]);
    const claimed = await harness.claim(publicationId);
    expect(claimed).toMatchObject({
      kind: 'claimed',
      work: { content: { text: 'New' }, steps: [{ name: 'publish' }] },
    });
  });

  test('is rescheduled', async () => {
    const { actor, postId } = await refusedPost();
    const scheduledAt = inMinutes(30);
    const { post } = await updatePost(harness.deps, actor, { postId, change: { scheduledAt }, expected: null });
    expect(post.publications).toMatchObject([{ status: 'scheduled', nextAttemptAt: scheduledAt, waitingFor: null }]);
  });

  test('cannot be changed once a send of it may have arrived', async () => {
    const { actor, postId, publicationId } = await refusedPost();
    await harness.sql('update publications set in_doubt_since = now() where id = $1', [publicationId]);
    const editing = updatePost(harness.deps, actor, { postId, change: { content: 'New' }, expected: null });
    await expect(editing).rejects.toMatchObject({ code: 'already_publishing' });
  });
});
