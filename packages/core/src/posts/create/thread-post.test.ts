import type { Post } from '@vibetribe/contracts/post';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { duplicatePost } from './duplicate-post.ts';
import { getPost } from '../read/get-post.ts';
import { resolvePublication } from '../published/resolve-publication.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness, refusalOf } from '../test-harness.ts';
import { updatePost } from '../edit/update-post.ts';
import { validatePost } from '../check/validate-post.ts';

let harness: PostTestHarness;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

const thread = [{ content: 'Two' }, { content: 'Three' }];
const partsOf = (post: Post) => post.publications.map(({ parts }) => parts.map(({ status }) => status));

async function withAccounts() {
  const actor = await harness.addActor();
  const x = await harness.addAccount(actor);
  const mastodon = await harness.addAccount(actor, { platform: 'mastodon' });
  const discord = await harness.addAccount(actor, { platform: 'discord' });
  return { actor, x, mastodon, discord };
}

test('a thread goes to each account; a variant has one of its own, or none', async () => {
  const { actor, x, mastodon, discord } = await withAccounts();
  const variants = { [mastodon]: { thread: [{ content: 'Deux' }] }, [discord]: { thread: [] } };
  const input = { accountIds: [x, mastodon, discord], thread, variants, scheduledAt: inMinutes(60) };
  const post = await harness.create(actor, input);
  expect(post).toMatchObject({ thread, variants });
  expect(partsOf(post)).toEqual([['scheduled', 'scheduled', 'scheduled'], ['scheduled', 'scheduled'], ['scheduled']]);
  expect((await getPost(harness.deps, actor, { postId: post.id })).post).toEqual(post);
  const copy = await duplicatePost(harness.deps, actor, { postId: post.id });
  expect(copy.post).toMatchObject({ thread, variants });
  expect(partsOf(copy.post).map(({ length }) => length)).toEqual([3, 2, 1]);
});

test('an edit of the thread changes how many parts each account has', async () => {
  const { actor, x, mastodon } = await withAccounts();
  const { id: postId } = await harness.create(actor, { accountIds: [x, mastodon], scheduledAt: inMinutes(60) });
  const edit = async (change: object) =>
    partsOf((await updatePost(harness.deps, actor, { postId, change, expected: null })).post).map(
      ({ length }) => length,
    );
  expect(await edit({ thread })).toEqual([3, 3]);
  expect(await edit({ variants: { [x]: { thread: [] } } })).toEqual([1, 3]);
  expect(await edit({ content: 'Other' })).toEqual([1, 3]);
  expect(await edit({ thread: [], variants: {} })).toEqual([1, 1]);
});

describe('what a platform would refuse of a part', () => {
  test('is told by where it stands; a platform without threads says so', async () => {
    const { actor, x, mastodon, discord } = await withAccounts();
    const long = [{ content: 'Two' }, { content: 'x'.repeat(281) }, { content: ' ' }];
    const input = { content: 'One', accountIds: [x, mastodon, discord], thread: long };
    const refusal = await refusalOf(harness.create(actor, { ...input, scheduledAt: inMinutes(60) }));
    expect(refusal.errors).toEqual([
      { path: `variants.${x}.thread.1.content`, message: expect.stringContaining('281') },
      { path: `variants.${x}.thread.2.content`, message: 'The text is empty' },
      { path: `variants.${mastodon}.thread.2.content`, message: 'The text is empty' },
      { path: `variants.${discord}.thread`, message: expect.stringContaining('has no threads') },
    ]);
    expect(await harness.create(actor, input)).toMatchObject({ status: 'draft' });
    const report = await validatePost(harness.deps, actor, input);
    expect(report.results[2]).toMatchObject({ errors: [{ code: 'thread_unsupported', field: 'thread' }] });
  });

  test('is not told of options that it has from the post', async () => {
    const { actor, mastodon } = await withAccounts();
    const variants = { [mastodon]: { options: { visibility: 'nobody' } } };
    const scheduledAt = inMinutes(60);
    const refused = async (more: object) =>
      (await refusalOf(harness.create(actor, { accountIds: [mastodon], scheduledAt, ...more }))).errors?.map(
        ({ path }) => path,
      );
    expect(await refused({ thread, variants })).toEqual([`variants.${mastodon}.options.visibility`]);
    expect(await refused({ thread: [{ content: 'Two', options: { visibility: 'nobody' } }] })).toEqual([
      `variants.${mastodon}.thread.0.options.visibility`,
    ]);
  });

  test('is said of an option that only the first part has', async () => {
    const { actor, mastodon } = await withAccounts();
    const replyTo = 'https://mastodon.example/@ada/113000000000000001';
    const input = { content: 'One', accountIds: [mastodon], thread: [{ content: 'Two', options: { replyTo } }] };
    const { results } = await validatePost(harness.deps, actor, input);
    expect(results[0]).toMatchObject({
      errors: [],
      warnings: [{ code: 'option_unused', field: 'thread.0.options.replyTo' }],
    });
  });

  test('is not told of a long part of an account that may write long posts', async () => {
    const { actor, x } = await withAccounts();
    const long = { content: 'One', accountIds: [x], thread: [{ content: 'x'.repeat(281) }] };
    const errorsOf = async (options: Record<string, boolean>) =>
      (await validatePost(harness.deps, actor, { ...long, variants: { [x]: { options } } })).results[0]?.errors;
    expect(await errorsOf({ longPost: true })).toEqual([]);
    expect(await errorsOf({})).toMatchObject([{ code: 'text_too_long', field: 'thread.0.content' }]);
  });

  test('media that are not there are named with their part', async () => {
    const { actor, x } = await withAccounts();
    const gone = [{ content: 'Two', mediaIds: ['med_none'] }];
    const input = { accountIds: [x], thread: gone, variants: { [x]: { thread: gone } } };
    expect((await refusalOf(harness.create(actor, input))).errors).toMatchObject([
      { path: 'thread.0.mediaIds.0' },
      { path: `variants.${x}.thread.0.mediaIds.0` },
    ]);
  });
});

test('parts have the options of the post that say who may see it, and their own before them', async () => {
  const { actor, mastodon } = await withAccounts();
  const { publications } = await harness.create(actor, {
    accountIds: [mastodon],
    thread: [{ content: 'Two' }, { content: 'Three', options: { visibility: 'direct' } }],
    variants: { [mastodon]: { options: { visibility: 'private', spoilerText: 'Tea' } } },
    scheduledAt: inMinutes(-0.5),
  });
  const claimed = await harness.claim(publications[0]?.id ?? '');
  expect(claimed).toMatchObject({
    work: {
      parts: [
        { content: { options: { visibility: 'private', spoilerText: 'Tea' } } },
        { content: { options: { visibility: 'private', spoilerText: 'Tea' } } },
        { content: { options: { visibility: 'direct', spoilerText: 'Tea' } } },
      ],
    },
  });
});

test('a part in doubt is settled by its id, as the next one answers it', async () => {
  const { actor, x } = await withAccounts();
  const { publications } = await harness.create(actor, { accountIds: [x], thread, scheduledAt: inMinutes(-0.5) });
  const publicationId = publications[0]?.id ?? '';
  await harness.sql(
    `update publications set status = 'unconfirmed', attempts = 1, fence = 1, intent_at = now(), due_at = null where id = $1`,
    [publicationId],
  );
  const resolve = (answer: Parameters<typeof resolvePublication>[2]['answer']) =>
    resolvePublication(harness.deps, actor, { publicationId, answer });
  expect((await refusalOf(resolve({ outcome: 'published' }))).errors).toMatchObject([{ path: 'platformPostId' }]);
  expect(await resolve({ outcome: 'published', platformPostId: '77' })).toMatchObject({
    status: 'waiting',
    platformPostId: '77',
    parts: [{ status: 'published', platformPostId: '77' }, { status: 'waiting' }, { status: 'scheduled' }],
  });
  expect(await harness.claim(publicationId)).toMatchObject({
    work: { part: { index: 1, replyTo: { root: { platformPostId: '77' }, parent: { platformPostId: '77' } } } },
  });
});

test('of a thread that failed at a part, that part and what follows are mended; what is out stays as it went out', async () => {
  const { actor, x, mastodon } = await withAccounts();
  const input = { accountIds: [x, mastodon], thread, scheduledAt: inMinutes(-0.5) };
  const { id: postId, publications } = await harness.create(actor, input);
  const publicationId = publications[0]?.id ?? '';
  const parts = JSON.stringify([{ platformPostId: '77', url: null, reference: null, publishedAtMs: 1 }]);
  const error = JSON.stringify({ category: 'content', code: 'c', message: 'm', retryable: false, manual: null });
  await harness.sql(
    `update publications set status = 'failed', attempts = 2, fence = 1, due_at = null, platform_post_id = '77', parts = $2, error = $3 where id = $1`,
    [publicationId, parts, error],
  );
  const edit = async (change: object) =>
    (await updatePost(harness.deps, actor, { postId, change, expected: null })).post;
  const refused = async (change: object) => (await refusalOf(edit(change))).code;
  expect(await refused({ variants: { [x]: { content: 'Other' } } })).toBe('already_publishing');
  expect(await refused({ thread: [] })).toBe('already_publishing');

  const mended = await edit({ content: 'For the others', thread: [{ content: 'Two, mended' }] });
  expect(mended.variants).toEqual({ [x]: { content: 'Hello' } });
  await harness.sql(`update publications set status = 'scheduled', due_at = now() where id = $1`, [publicationId]);
  expect(await harness.claim(publicationId)).toMatchObject({
    work: {
      parts: [{ content: { text: 'Hello' } }, { content: { text: 'Two, mended' } }],
      part: { index: 1 },
      content: { text: 'Two, mended' },
    },
  });
});
