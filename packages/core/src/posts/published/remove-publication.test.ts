import type { AccountAccess } from '@vibetribe/platforms/port/account';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { sealCredentials } from '../../accounts/grants/seal-credentials.ts';
import { editPublication } from './edit-publication.ts';
import { getPost } from '../read/get-post.ts';
import { removePost } from './remove-post.ts';
import { removePublication } from './remove-publication.ts';
import { retryPost } from '../lifecycle/retry-post.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness, refusalOf } from '../test-harness.ts';
import { addPictures } from '../test-pictures.ts';

let harness: PostTestHarness;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

const published = `status = 'published', attempts = 1, due_at = null, published_at = now(), platform_post_id = id`;

async function postIn(...states: readonly string[]) {
  const actor = await harness.addActor();
  const accountIds: string[] = [];
  for (const _ of states) accountIds.push(await harness.addAccount(actor));
  const post = await harness.create(actor, { accountIds, scheduledAt: inMinutes(60) });
  const ids = post.publications.map(({ id }) => id);
  for (const [index, state] of states.entries())
    await harness.sql(`update publications set ${state} where id = $1`, [ids[index]]);
  const publicationId = ids[0] ?? '';
  const remove = () => removePublication(harness.deps, actor, { publicationId });
  const edit = (content: string) => editPublication(harness.deps, actor, { publicationId, edit: { content } });
  const removeAll = () => removePost(harness.deps, actor, { postId: post.id, expected: null });
  return { actor, accountIds, post, publicationId, remove, edit, removeAll };
}
const changesOf = (id: string) =>
  harness.sql<{ kind: string; version: number }>(
    'select kind, version from publication_changes where publication_id = $1',
    [id],
  );

test('a publication that is out is to be taken off once, however often that is asked for', async () => {
  const { actor, post, publicationId, remove } = await postIn(published);
  expect(await remove()).toMatchObject({ status: 'published', removal: { status: 'removing' } });
  expect(await remove()).toMatchObject({ removal: { status: 'removing' } });
  expect(await changesOf(publicationId)).toEqual([{ kind: 'remove', version: 1 }]);
  const shown = await getPost(harness.deps, actor, { postId: post.id });
  expect(shown.post).toMatchObject({ status: 'published', publications: [{ removal: { status: 'removing' } }] });
});

test.each([
  { state: `status = 'draft', due_at = null`, code: 'conflict' },
  { state: `status = 'publishing', attempts = 1`, code: 'already_publishing' },
  { state: `status = 'unconfirmed', attempts = 1, due_at = null`, code: 'already_publishing' },
  { state: `status = 'published', attempts = 1, due_at = null`, code: 'conflict' },
  { state: `status = 'failed', attempts = 1, due_at = null`, code: 'conflict' },
])('in $state it is refused as $code', async ({ state, code }) => {
  const { publicationId, remove } = await postIn(state);
  expect(await refusalOf(remove())).toMatchObject({ code });
  expect(await changesOf(publicationId)).toEqual([]);
});

test('a platform without a way is named, and an account that is disconnected', async () => {
  const { accountIds, edit, remove } = await postIn(published);
  expect(await refusalOf(edit('New'))).toMatchObject({
    code: 'not_supported_by_platform',
    message: expect.stringContaining('edit'),
  });
  await harness.sql(`update accounts set status = 'disconnected' where id = $1`, [accountIds[0]]);
  expect(await refusalOf(remove())).toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('disconnected'),
  });
});

test('the words below a picture may be taken away, and stay where there is nothing else to see', async () => {
  const actor = await harness.addActor();
  const accountId = await harness.addAccount(actor, { platform: 'mastodon' });
  const silence = async (mediaIds: string[]) => {
    const post = await harness.create(actor, { accountIds: [accountId], mediaIds });
    const publicationId = post.publications[0]?.id ?? '';
    await harness.sql(`update publications set ${published} where id = $1`, [publicationId]);
    return editPublication(harness.deps, actor, { publicationId, edit: { content: '' } });
  };
  const pictures = await addPictures(harness, actor.organizationId, 1);
  expect(await silence(pictures)).toMatchObject({ edit: { status: 'editing', content: '' } });
  expect(await refusalOf(silence([]))).toMatchObject({ code: 'validation_failed', errors: [{ path: 'content' }] });
});

test('an account whose posts its platform keeps is told so, where others of the platform may take theirs off', async () => {
  const { actor, accountIds, publicationId, remove } = await postIn(published);
  const [grant] = await harness.sql<{ id: string }>('select grant_id as id from accounts where id = $1', [
    accountIds[0],
  ]);
  const { organizationId } = actor;
  const credentials = { accessToken: 'a', scopes: [], details: { login: 'own' } };
  const sealed = sealCredentials(harness.deps.keyRing, { id: grant?.id ?? '', organizationId }, credentials);
  await harness.sql('update grants set credentials = $2 where id = $1', [grant?.id, sealed]);
  const { adapters } = harness.deps;
  const x = {
    ...adapters.x,
    keepsPosts: ({ details }: Pick<AccountAccess, 'details'>) => `Kept for ${String(details['login'])}`,
  };
  const deps = { ...harness.deps, adapters: { ...adapters, x } };
  expect(await refusalOf(removePublication(deps, actor, { publicationId }))).toMatchObject({
    code: 'not_supported_by_platform',
    message: 'Kept for own.',
  });
  expect(await changesOf(publicationId)).toEqual([]);
  expect(await remove()).toMatchObject({ removal: { status: 'removing' } });
});

test('nobody else may: another organization, a key limited to another account, a viewer', async () => {
  const { actor, publicationId } = await postIn(published);
  const stranger = await harness.addActor();
  const code = (as: typeof actor) => refusalOf(removePublication(harness.deps, as, { publicationId }));
  expect(await code(stranger)).toMatchObject({ code: 'not_found' });
  expect(await code({ ...actor, accountIds: ['acc_other'] })).toMatchObject({ code: 'not_found' });
  expect(await code({ ...actor, role: 'viewer' })).toMatchObject({ code: 'forbidden' });
  expect(await changesOf(publicationId)).toEqual([]);
});

test('of a whole post what is out is taken off, what waits is canceled, and nothing of it is sent again', async () => {
  const failed = `status = 'failed', attempts = 1, due_at = null`;
  const { actor, post, removeAll } = await postIn(
    published,
    `status = status`,
    `${failed}, parts = '[{"platformPostId":"7","url":null,"reference":null,"publishedAtMs":1}]'`,
  );
  const { post: after } = await removeAll();
  expect(after.publications).toMatchObject([
    { status: 'published', removal: { status: 'removing' } },
    { status: 'canceled', removal: { status: 'none' } },
    { status: 'failed', removal: { status: 'removing' } },
  ]);
  expect(await refusalOf(retryPost(harness.deps, actor, { postId: post.id }))).toMatchObject({
    code: 'nothing_to_retry',
  });
});

test('of a post of which nothing is out nothing is taken off, and nothing canceled', async () => {
  const { actor, post, removeAll } = await postIn(`status = status`);
  expect(await refusalOf(removeAll())).toMatchObject({ code: 'conflict' });
  expect((await getPost(harness.deps, actor, { postId: post.id })).post.status).toBe('scheduled');
});
