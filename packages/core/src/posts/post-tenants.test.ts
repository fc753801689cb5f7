import type { CreatePost } from '@vibetribe/contracts/post';
import { newId } from '@vibetribe/db/new-id';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../actor.ts';
import { cancelPost } from './lifecycle/cancel-post.ts';
import { deletePost } from './lifecycle/delete-post.ts';
import { duplicatePost } from './create/duplicate-post.ts';
import { getPost } from './read/get-post.ts';
import { listPosts } from './read/list-posts.ts';
import { publishPost } from './lifecycle/publish-post.ts';
import { readTimeline } from './read/read-timeline.ts';
import { resolvePublication } from './published/resolve-publication.ts';
import { retryPost } from './lifecycle/retry-post.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness, refusalOf } from './test-harness.ts';
import { updatePost } from './edit/update-post.ts';
import { validatePost } from './check/validate-post.ts';

let harness: PostTestHarness;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

interface Ids {
  readonly postId: string;
  readonly publicationId: string;
}

const verbs: Readonly<Record<string, (actor: Actor, ids: Ids) => Promise<unknown>>> = {
  getPost: (actor, ids) => getPost(harness.deps, actor, ids),
  updatePost: (actor, { postId }) =>
    updatePost(harness.deps, actor, { postId, change: { content: 'Mine' }, expected: null }),
  deletePost: (actor, { postId }) => deletePost(harness.deps, actor, { postId, expected: null }),
  publishPost: (actor, ids) => publishPost(harness.deps, actor, ids),
  cancelPost: (actor, ids) => cancelPost(harness.deps, actor, ids),
  retryPost: (actor, ids) => retryPost(harness.deps, actor, ids),
  duplicatePost: (actor, ids) => duplicatePost(harness.deps, actor, ids),
  readTimeline: (actor, { postId }) => readTimeline(harness.deps, actor, { postId, limit: 10, after: null }),
  resolvePublication: (actor, { publicationId }) =>
    resolvePublication(harness.deps, actor, { publicationId, answer: { outcome: 'skip' } }),
};

async function scheduledPost(actor: Actor, accountIds: string[]): Promise<Ids> {
  const post = await harness.create(actor, { accountIds, scheduledAt: inMinutes(60) });
  return { postId: post.id, publicationId: post.publications[0]?.id ?? '' };
}

const rowsOf = (postId: string) =>
  harness.sql(
    `select po.*, p.*, (select count(*) from events e where e.post_id = po.id) from posts po join publications p on p.post_id = po.id where po.id = $1`,
    [postId],
  );

describe.each(Object.entries(verbs))('%s', (_name, verb) => {
  test("answers the same for another organization's post as for one that does not exist, and changes nothing", async () => {
    const owner = await harness.addActor();
    const ids = await scheduledPost(owner, [await harness.addAccount(owner)]);
    const before = await rowsOf(ids.postId);
    const stranger = await harness.addActor({ role: 'owner' });
    const foreign = await refusalOf(verb(stranger, ids));
    const unknown = await refusalOf(verb(stranger, { postId: newId('post'), publicationId: newId('publication') }));
    expect([foreign.code, foreign.message]).toEqual(['not_found', unknown.message]);
    expect(await rowsOf(ids.postId)).toEqual(before);
  });

  test('does not reach posts to accounts that an API key is not for', async () => {
    const owner = await harness.addActor();
    const [own, other] = [await harness.addAccount(owner), await harness.addAccount(owner)];
    const ids = await scheduledPost(owner, [own, other]);
    const before = await rowsOf(ids.postId);
    expect(await refusalOf(verb({ ...owner, accountIds: [own] }, ids))).toMatchObject({ code: 'not_found' });
    expect(await rowsOf(ids.postId)).toEqual(before);
  });
});

test.each(Object.entries(verbs).filter(([name]) => name !== 'getPost' && name !== 'readTimeline'))(
  '%s needs more than a viewer',
  async (_name, verb) => {
    const owner = await harness.addActor();
    const ids = await scheduledPost(owner, [await harness.addAccount(owner)]);
    expect(await refusalOf(verb({ ...owner, role: 'viewer' }, ids))).toMatchObject({ code: 'forbidden' });
  },
);

test('a list shows the own posts only, and to a limited key those alone that it may touch', async () => {
  const owner = await harness.addActor();
  const [own, other] = [await harness.addAccount(owner), await harness.addAccount(owner)];
  const one = await scheduledPost(owner, [own]);
  const both = await scheduledPost(owner, [own, other]);
  const stranger = await harness.addActor();
  const listed = async (actor: Actor, accountId?: string) =>
    (await listPosts(harness.deps, actor, { limit: 100, after: null, accountId })).items.map(({ id }) => id);
  expect(await listed(owner)).toEqual([both.postId, one.postId]);
  expect(await listed(stranger)).toEqual([]);
  expect(await listed(stranger, own)).toEqual([]);
  expect(await listed({ ...owner, accountIds: [own] })).toEqual([one.postId]);
});

test('a dry run says no more about a foreign account than about an unknown one', async () => {
  const stranger = await harness.addAccount(await harness.addActor());
  const actor = await harness.addActor();
  const faults = async (input: CreatePost) => (await refusalOf(validatePost(harness.deps, actor, input))).errors;
  expect(await faults({ content: 'Hello', accountIds: [stranger] })).toEqual(
    await faults({ content: 'Hello', accountIds: [newId('account')] }),
  );
});
