import type { CreatePost, Post, UpdatePost } from '@vibetribe/contracts/post';
import { newId } from '@vibetribe/db/new-id';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness, refusalOf } from '../test-harness.ts';
import { duplicatePost } from '../create/duplicate-post.ts';
import { addPictures } from '../test-pictures.ts';
import { updatePost } from '../edit/update-post.ts';
import { validatePost } from './validate-post.ts';

let harness: PostTestHarness;
let actor: Actor;
let one: string;
let other: string;
let first: string;
let second: string;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());
beforeEach(async () => {
  actor = await harness.addActor();
  [one, other] = [await harness.addAccount(actor), await harness.addAccount(actor)];
  [first = '', second = ''] = await addPictures(harness, actor.organizationId, 2);
});

const create = (input: Partial<CreatePost> = {}) =>
  harness.create(actor, { accountIds: [one, other], scheduledAt: inMinutes(0), ...input });
const edit = async (post: Post, change: UpdatePost) =>
  (await updatePost(harness.deps, actor, { postId: post.id, change, expected: null })).post;

/** What goes out to an account, by the claim of its publication. */
async function claimed(post: Post, accountId: string) {
  const claim = await harness.claim(post.publications.find((each) => each.accountId === accountId)?.id ?? '');
  if (claim.kind !== 'claimed') throw new Error(`the claim was ${claim.kind}`);
  const { mediaIds, mediaAlts } = claim.work;
  return { mediaIds, mediaAlts };
}

test('a post’s `media` names its files with texts for this post alone, and a variant’s come before them', async () => {
  const post = await create({
    media: [{ id: first, alt: 'A' }, { id: second }],
    variants: { [other]: { media: [{ id: second, alt: 'Mine' }, { id: first }] } },
  });
  expect(post).toMatchObject({ mediaIds: [first, second], media: [{ id: first, alt: 'A' }, { id: second }] });
  expect(await claimed(post, one)).toEqual({ mediaIds: [first, second], mediaAlts: { [first]: 'A' } });
  expect(await claimed(post, other)).toEqual({
    mediaIds: [second, first],
    mediaAlts: { [first]: 'A', [second]: 'Mine' },
  });
  expect((await duplicatePost(harness.deps, actor, { postId: post.id })).post).toMatchObject({
    media: post.media,
    variants: post.variants,
  });
});

test('an edit keeps the texts of the files that stay, and takes those that it is given', async () => {
  const post = await create({
    scheduledAt: inMinutes(5),
    media: [
      { id: first, alt: 'A' },
      { id: second, alt: 'B' },
    ],
  });
  expect(await edit(post, { mediaIds: [second] })).toMatchObject({ media: [{ id: second, alt: 'B' }] });
  expect(await edit(post, { media: [{ id: second, alt: null }, { id: first }] })).toMatchObject({
    mediaIds: [second, first],
    media: [{ id: second, alt: null }, { id: first }],
  });
  const sentBack = await edit(post, {
    content: 'New',
    mediaIds: [second, first],
    media: [{ id: second, alt: null }, { id: first }],
  });
  expect(sentBack).toMatchObject({ content: 'New', media: [{ id: second, alt: null }, { id: first }] });
});

test('`media` and `mediaIds` that do not fit, files named twice and files that are not there are refused where they stand', async () => {
  const paths = async (input: Partial<CreatePost>) => (await refusalOf(create(input))).errors.map(({ path }) => path);
  expect(await paths({ mediaIds: [second], media: [{ id: first }] })).toEqual(['media']);
  expect(await paths({ media: [{ id: first }, { id: first }] })).toEqual(['media.1.id']);
  expect(await paths({ media: [{ id: newId('media') }] })).toEqual(['mediaIds.0']);
  expect(await paths({ variants: { [one]: { mediaIds: [], media: [{ id: first }] } } })).toEqual([
    `variants.${one}.media`,
  ]);
});

test('a text that is too long for the platform is found where it stands, whosever it is', async () => {
  const input = { content: 'Hello', accountIds: [one], media: [{ id: first, alt: 'x'.repeat(1_001) }] };
  const { results } = await validatePost(harness.deps, actor, input);
  const findings = [...(results[0]?.errors ?? []), ...(results[0]?.warnings ?? [])];
  expect(findings.map(({ field }) => field)).toContainEqual(expect.stringMatching(/^mediaIds\.0/));
  const without = await validatePost(harness.deps, actor, { ...input, media: [{ id: first, alt: 'Short' }] });
  expect(without.results[0]).toMatchObject({ errors: [], warnings: [] });
});

test('the picture of a card is a medium in use: it has to be there, and is told by its field', async () => {
  const linked = await harness.addAccount(actor, { platform: 'linkedin' });
  const card = { url: 'https://example.com/tea', mediaId: first };
  const wanted = (options: Record<string, unknown>) => ({
    accountIds: [linked],
    content: 'Tea',
    scheduledAt: inMinutes(5),
    variants: { [linked]: { options } },
  });
  await harness.create(actor, wanted({ card }));
  const isUsed = (id: string) => harness.sql('select media_is_used($1, $2, true) as used', [actor.organizationId, id]);
  expect(await isUsed(first)).toEqual([{ used: true }]);
  expect(await isUsed(second)).toEqual([{ used: false }]);

  const gone = wanted({ card: { ...card, mediaId: 'gone' } });
  expect(await refusalOf(validatePost(harness.deps, actor, gone))).toMatchObject({
    errors: [{ path: `variants.${linked}.options.card.mediaId` }],
  });
  const { results } = await validatePost(harness.deps, actor, wanted({ card: { url: 'ftp://example.com' } }));
  expect(results[0]?.errors).toMatchObject([{ code: 'option_invalid', field: 'options.card.url' }]);
});
