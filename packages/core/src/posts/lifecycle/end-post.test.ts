import type { Post } from '@vibetribe/contracts/post';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { cancelPost } from './cancel-post.ts';
import { deletePost } from './delete-post.ts';
import { duplicatePost } from '../create/duplicate-post.ts';
import { getPost } from '../read/get-post.ts';
import { publishPost } from './publish-post.ts';
import { retryPost } from './retry-post.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness, refusalOf } from '../test-harness.ts';

let harness: PostTestHarness;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

/** A post to as many accounts as states are given, each publication put into its state. */
async function postIn(...states: string[]) {
  const actor = await harness.addActor();
  const accountIds = [];
  for (const _ of states) accountIds.push(await harness.addAccount(actor));
  const post = await harness.create(actor, { accountIds, scheduledAt: inMinutes(60) });
  for (const [index, state] of states.entries()) {
    await harness.sql(`update publications set ${state} where id = $1`, [post.publications[index]?.id]);
  }
  return { actor, accountIds, post, input: { postId: post.id } };
}

const statusesOf = (post: Post) => post.publications.map(({ status }) => status);
const scheduled = `status = 'scheduled'`;
const claimed = `status = 'publishing', fence = 1, lease_until = now() + interval '1 min'`;
const sending = `${claimed}, attempts = 1, intent_at = now()`;
const retrying = `status = 'retrying', attempts = 1, retries_used = 1`;
const published = `status = 'published', attempts = 1, committed = true, due_at = null, published_at = now()`;
const failed = `status = 'failed', attempts = 4, retries_used = 3, due_at = null, error = '{"category":"network","code":"x","message":"x","retryable":false,"manual":null}'`;
const unconfirmed = `status = 'unconfirmed', attempts = 1, intent_at = now(), due_at = null`;

describe('cancel', () => {
  test('stops what has not begun and leaves what is out or on its way', async () => {
    const { actor, input } = await postIn(scheduled, claimed, retrying, published, sending);
    const { post } = await cancelPost(harness.deps, actor, input);
    expect(statusesOf(post)).toEqual(['canceled', 'canceled', 'canceled', 'published', 'publishing']);
    expect(post.publications[0]?.nextAttemptAt).toBeNull();
    expect(await getPost(harness.deps, actor, input)).toMatchObject({ post });
  });

  test.each([
    ['published', published],
    ['sending', sending],
    ['failed', failed],
    ['unconfirmed', unconfirmed],
  ])('says so when nothing could be stopped: %s', async (_name, state) => {
    const { actor, input } = await postIn(state);
    expect(await refusalOf(cancelPost(harness.deps, actor, input))).toMatchObject({ code: 'nothing_to_stop' });
  });

  test('leaves a draft a draft', async () => {
    const actor = await harness.addActor();
    const draft = await harness.create(actor, { accountIds: [await harness.addAccount(actor)] });
    expect(await refusalOf(cancelPost(harness.deps, actor, { postId: draft.id }))).toMatchObject({
      code: 'nothing_to_stop',
    });
    expect(await getPost(harness.deps, actor, { postId: draft.id })).toMatchObject({ post: { status: 'draft' } });
  });
});

describe('delete', () => {
  test('cancels what waits, keeps what is out, and hides the post', async () => {
    const { actor, post, input } = await postIn(scheduled, published, unconfirmed, failed);
    await deletePost(harness.deps, actor, { ...input, expected: 1 });
    expect(await refusalOf(getPost(harness.deps, actor, input))).toMatchObject({ code: 'not_found' });
    expect(await refusalOf(deletePost(harness.deps, actor, { ...input, expected: null }))).toMatchObject({
      code: 'not_found',
    });
    const rows = await harness.sql('select status from publications where post_id = $1 order by id', [post.id]);
    expect(rows.map(({ status }) => status)).toEqual(['canceled', 'published', 'unconfirmed', 'failed']);
    const events = await harness.sql('select type from events where post_id = $1 order by id desc limit 2', [post.id]);
    expect(events.map(({ type }) => type)).toEqual(['publication.canceled', 'post.deleted']);
  });

  test('is refused while something is on its way, and then changes nothing', async () => {
    const { actor, post, input } = await postIn(scheduled, sending);
    expect(await refusalOf(deletePost(harness.deps, actor, { ...input, expected: null }))).toMatchObject({
      code: 'already_publishing',
    });
    expect(await getPost(harness.deps, actor, input)).toMatchObject({
      post: { publications: [{ status: 'scheduled' }, {}] },
    });
    expect(await harness.sql(`select 1 from events where post_id = $1 and type = 'post.deleted'`, [post.id])).toEqual(
      [],
    );
  });

  test('honours the version the caller read', async () => {
    const { actor, input } = await postIn(scheduled);
    expect(await refusalOf(deletePost(harness.deps, actor, { ...input, expected: 2 }))).toMatchObject({
      code: 'precondition_failed',
    });
  });
});

describe('publish', () => {
  test('makes what has not begun due now, and wakes the dispatchers', async () => {
    const { actor, input } = await postIn(scheduled, retrying, published);
    const before = harness.notified.dispatch;
    const { post, version } = await publishPost(harness.deps, actor, input);
    expect(version).toBe(2);
    expect(harness.notified.dispatch).toBe(before + 1);
    expect(statusesOf(post)).toEqual(['scheduled', 'retrying', 'published']);
    for (const index of [0, 1]) {
      expect(await harness.claim(post.publications[index]?.id ?? '')).toMatchObject({ kind: 'claimed' });
    }
  });

  test('checks a draft as if it were scheduled', async () => {
    const actor = await harness.addActor();
    const accountId = await harness.addAccount(actor);
    const draft = await harness.create(actor, { accountIds: [accountId], content: '' });
    const refusal = await refusalOf(publishPost(harness.deps, actor, { postId: draft.id }));
    expect(refusal).toMatchObject({ code: 'validation_failed', errors: [{ path: `variants.${accountId}.content` }] });
    await harness.sql(`update accounts set status = 'disconnected' where id = $1`, [accountId]);
    const { errors } = await refusalOf(publishPost(harness.deps, actor, { postId: draft.id }));
    expect(errors).toMatchObject([{ path: 'accountIds.0' }, {}]);
    const fit = await harness.create(actor, { accountIds: [await harness.addAccount(actor)] });
    expect(await publishPost(harness.deps, actor, { postId: fit.id })).toMatchObject({ post: { status: 'scheduled' } });
  });

  test.each([
    ['already_publishing', sending],
    ['already_publishing', claimed],
    ['conflict', published],
    ['conflict', failed],
    ['conflict', unconfirmed],
  ])('is refused with %s where nothing of it can go now', async (code, state) => {
    const { actor, input } = await postIn(state);
    expect(await refusalOf(publishPost(harness.deps, actor, input))).toMatchObject({ code });
  });
});

describe('retry', () => {
  test('sends the failed ones again with a new budget, and nothing else', async () => {
    const { actor, input } = await postIn(failed, published, scheduled);
    const { post } = await retryPost(harness.deps, actor, input);
    expect(post.publications).toMatchObject([
      { status: 'scheduled', attempts: 4, error: null },
      { status: 'published' },
      { status: 'scheduled', nextAttemptAt: post.scheduledAt },
    ]);
    expect(await harness.claim(post.publications[0]?.id ?? '')).toMatchObject({ kind: 'claimed' });
  });

  test('has nothing to do where nothing failed', async () => {
    const { actor, input } = await postIn(scheduled, unconfirmed, published);
    expect(await refusalOf(retryPost(harness.deps, actor, input))).toMatchObject({ code: 'nothing_to_retry' });
  });

  test('is refused for an account that is no longer connected', async () => {
    const { actor, accountIds, input } = await postIn(scheduled, failed);
    await harness.sql(`update accounts set status = 'disconnected' where id = $1`, [accountIds[1]]);
    expect(await refusalOf(retryPost(harness.deps, actor, input))).toMatchObject({
      errors: [{ path: 'accountIds.1' }],
    });
  });
});

describe('duplicate', () => {
  test('is a draft of its own with the same content, whatever became of the original', async () => {
    const actor = await harness.addActor();
    const accountIds = [await harness.addAccount(actor), await harness.addAccount(actor, { platform: 'bluesky' })];
    const variants = { [accountIds[1] ?? '']: { content: 'Hi', options: { langs: ['en'] } } };
    const original = await harness.create(actor, {
      accountIds,
      variants,
      priority: 'high',
      scheduledAt: inMinutes(5),
      timezone: 'Asia/Tokyo',
    });
    await cancelPost(harness.deps, actor, { postId: original.id });
    const { post, version } = await duplicatePost(harness.deps, actor, { postId: original.id });
    expect(version).toBe(1);
    expect(post).toMatchObject({
      status: 'draft',
      content: 'Hello',
      variants,
      priority: 'high',
      timezone: 'Asia/Tokyo',
      scheduledAt: null,
    });
    expect(post.publications.map(({ accountId }) => accountId)).toEqual(accountIds);
    expect(post.id).not.toBe(original.id);
  });
});
