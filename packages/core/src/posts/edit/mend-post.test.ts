import type { Post, UpdatePost } from '@vibetribe/contracts/post';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import type { PublishingEngine } from '../../publishing/publishing-engine.ts';
import { createEngineHarness, type EngineHarness } from '../../publishing/testing/test-engine.ts';
import { createPost } from '../create/create-post.ts';
import { getPost } from '../read/get-post.ts';
import { readTimeline } from '../read/read-timeline.ts';
import { resolvePublication } from '../published/resolve-publication.ts';
import { retryPost } from '../lifecycle/retry-post.ts';
import { inMinutes, refusalOf } from '../test-harness.ts';
import { updatePost } from './update-post.ts';

let harness: EngineHarness;
let engine: PublishingEngine;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
  engine = harness.engine();
});
afterEach(() => harness[Symbol.asyncDispose]());

interface Mendable {
  readonly actor: Actor;
  readonly post: Post;
  readonly accountIds: readonly string[];
  readonly publicationIds: readonly string[];
  readonly edit: (change: UpdatePost, expected?: number | null) => Promise<Post>;
  readonly retry: () => Promise<Post>;
  /** Sends one of its publications until it has ended or waits for someone. */
  readonly play: (index: number) => Promise<string>;
  readonly texts: () => string[];
}

async function postTo(count: number, input: { misfire?: UpdatePost['misfire'] } = {}): Promise<Mendable> {
  const { organizationId, accountId } = await harness.addAccount();
  const accountIds = [accountId];
  while (accountIds.length < count) accountIds.push((await harness.addAccount(organizationId)).accountId);
  const actor: Actor = {
    organizationId,
    userId: null,
    role: 'editor',
    scopes: null,
    accountIds: null,
    serviceAdmin: false,
    principal: 'user:test',
  };
  const { post } = await createPost(harness.deps, actor, {
    content: 'Old',
    accountIds,
    scheduledAt: inMinutes(0),
    ...input,
  });
  const publicationIds = post.publications.map(({ id }) => id);
  return {
    actor,
    post,
    accountIds,
    publicationIds,
    edit: async (change, expected = null) =>
      (await updatePost(harness.deps, actor, { postId: post.id, change, expected })).post,
    retry: async () => (await retryPost(harness.deps, actor, { postId: post.id })).post,
    play: async (index) => {
      const id = publicationIds[index] ?? '';
      for (let turn = 0; turn < 30; turn += 1) {
        const { status } = await harness.read(id);
        if (['published', 'failed', 'unconfirmed'].includes(status)) return status;
        await harness.makeDue(id);
        await engine.publish(id);
      }
      throw new Error('it does not end');
    },
    texts: () => harness.platform.accepted.map(({ text }) => text),
  };
}

/** Out on the first account, refused for good on the second. */
async function partlyFailed(): Promise<Mendable> {
  const made = await postTo(2);
  harness.platform.behave('accept', 'reject', 'accept');
  expect([await made.play(0), await made.play(1)]).toEqual(['published', 'failed']);
  return made;
}

describe('a partly failed post', () => {
  test('is mended in place: what failed gets the new text under a new key and is sent; what is out keeps its text', async () => {
    const { actor, post, accountIds, publicationIds, edit, retry, play, texts } = await partlyFailed();
    const before = await harness.sql('select * from publications where id = $1', [publicationIds[0]]);
    const keys = () => harness.sql('select key from publication_steps where publication_id = $1', [publicationIds[1]]);
    const [oldKey] = await keys();
    const mended = await edit({ content: 'New' }, 1);
    expect(mended).toMatchObject({
      status: 'partially_published',
      content: 'New',
      variants: { [accountIds[0] ?? '']: { content: 'Old' } },
      publications: [{ status: 'published' }, { status: 'failed', error: { code: 'bad_text' } }],
    });
    expect(await harness.sql('select * from publications where id = $1', [publicationIds[0]])).toEqual([
      { ...before[0], variant: { content: 'Old' }, updated_at: expect.anything() },
    ]);
    expect(await keys()).toEqual([]);
    expect(await retry()).toMatchObject({ publications: [{ status: 'published' }, { status: 'scheduled' }] });
    expect(await play(1)).toBe('published');
    expect(texts()).toEqual(['Old', 'New']);
    expect(await keys()).not.toEqual([oldKey]);
    const { items } = await readTimeline(harness.deps, actor, { postId: post.id, limit: 100, after: null });
    const told = items.filter(({ publicationId }) => publicationId !== publicationIds[0]).map(({ type }) => type);
    expect(told.slice(told.indexOf('publication.failed'))).toMatchObject([
      'publication.failed',
      'post.edited',
      'publication.edited',
      'publication.scheduled',
      'publication.claimed',
      'publication.sent',
      'publication.published',
    ]);
  });

  test('is mended by variants alone, with options, as often as it takes; what it sends back of the others is no change', async () => {
    const { actor, accountIds, edit, retry, play, texts } = await partlyFailed();
    const failed = accountIds[1] ?? '';
    const mended = await edit({ variants: { [failed]: { content: 'Second' } } });
    expect(mended).toMatchObject({ content: 'Old', variants: { [failed]: { content: 'Second' } } });
    harness.platform.behave('reject', 'accept');
    await retry();
    expect(await play(1)).toBe('failed');
    const { post: read } = await getPost(harness.deps, actor, { postId: mended.id });
    const variants = { ...read.variants, [failed]: { content: 'Third' } };
    await edit({
      content: read.content,
      accountIds: [...accountIds].reverse(),
      scheduledAt: read.scheduledAt,
      variants,
    });
    await retry();
    expect(await play(1)).toBe('published');
    expect(texts()).toEqual(['Old', 'Third']);
  });

  test('is not changed where the change concerns what is out, or more than content', async () => {
    const { accountIds, post, edit } = await partlyFailed();
    const [out = '', failed = ''] = accountIds;
    for (const change of [
      { variants: { [out]: { content: 'Other' } } },
      { variants: { [out]: { options: { madeUp: true } }, [failed]: { content: 'New' } } },
      { accountIds: [failed], content: 'New' },
      { scheduledAt: inMinutes(5), content: 'New' },
      { scheduledAt: null },
      { misfire: { policy: 'skip' } as const },
    ]) {
      expect(await refusalOf(edit(change)), JSON.stringify(change)).toMatchObject({ code: 'already_publishing' });
    }
    expect(await refusalOf(edit({ content: 'New' }, 7))).toMatchObject({ code: 'precondition_failed' });
    expect(await harness.sql('select content, version from posts where id = $1', [post.id])).toEqual([
      { content: 'Old', version: 1 },
    ]);
  });

  test('is checked by the rules of the account that gets the new content, and of no other', async () => {
    const { accountIds, edit } = await partlyFailed();
    const { code, errors } = await refusalOf(edit({ content: 'x'.repeat(281) }));
    expect([code, errors.map(({ path }) => path)]).toEqual([
      'validation_failed',
      [`variants.${accountIds[1]}.content`],
    ]);
  });

  test('tried again by hand goes out, however late its own policy would let it', async () => {
    const late = await postTo(1, { misfire: { policy: 'skip', maxLateSeconds: 60 } });
    harness.platform.behave('reject', 'accept');
    expect(await late.play(0)).toBe('failed');
    await harness.sql(`update publications set scheduled_at = now() - interval '2 days' where id = $1`, [
      late.publicationIds[0],
    ]);
    await late.edit({ content: 'New' });
    await late.retry();
    expect(await late.play(0)).toBe('published');
    expect(late.texts()).toEqual(['New']);
  });
});

test('what a person may post by hand is what it has now', async () => {
  const { post, edit, play } = await postTo(1);
  harness.platform.behave('refuse_connection');
  expect(await play(0)).toBe('failed');
  expect(await edit({ content: 'New' })).toMatchObject({
    id: post.id,
    publications: [{ error: { manual: { text: 'New', composeUrl: expect.stringContaining('New') } } }],
  });
});

describe('what may have arrived', () => {
  /** The first send vanished and was looked for in vain, the second was refused. */
  async function failedInDoubt(): Promise<Mendable> {
    const made = await postTo(1);
    harness.platform.behave('lose_request', 'reject', 'accept');
    expect(await made.play(0)).toBe('failed');
    return made;
  }

  test('is not mended before a person has settled it', async () => {
    const { actor, publicationIds, edit, retry, play, texts } = await failedInDoubt();
    const publicationId = publicationIds[0] ?? '';
    const refused = await refusalOf(edit({ content: 'New' }));
    expect(refused).toMatchObject({ code: 'conflict', message: expect.stringContaining(publicationId) });
    const answer = { outcome: 'not_published', retry: false } as const;
    expect(await resolvePublication(harness.deps, actor, { publicationId, answer })).toMatchObject({
      status: 'failed',
    });
    await edit({ content: 'New' });
    await retry();
    expect(await play(0)).toBe('published');
    expect(texts()).toEqual(['New']);
  });

  test('and did, by a person’s word, is published and keeps its text', async () => {
    const { actor, publicationIds, edit } = await failedInDoubt();
    const publicationId = publicationIds[0] ?? '';
    const answer = { outcome: 'published', platformPostId: '77' } as const;
    expect(await resolvePublication(harness.deps, actor, { publicationId, answer })).toMatchObject({
      status: 'published',
    });
    expect(await refusalOf(edit({ content: 'New' }))).toMatchObject({ code: 'already_publishing' });
  });

  test.each([
    [
      'being sent',
      `status = 'publishing', lease_until = now() + interval '1 min', intent_at = now(), in_doubt_since = now(), attempts = 1`,
    ],
    [
      'asked for',
      `status = 'waiting', waiting_reason = 'reconciling', intent_at = now(), in_doubt_since = now(), attempts = 1`,
    ],
    ['unconfirmed', `status = 'unconfirmed', intent_at = now(), in_doubt_since = now(), attempts = 1, due_at = null`],
    ['being retried', `status = 'retrying', attempts = 1`],
  ])('is left alone with its text while another account’s copy is mended: %s', async (_what, state) => {
    const { accountIds, publicationIds, edit } = await postTo(2);
    harness.platform.behave('reject');
    await engine.publish(publicationIds[0] ?? '');
    await harness.sql(`update publications set ${state} where id = $1`, [publicationIds[1]]);
    const [before] = await harness.sql('select * from publications where id = $1', [publicationIds[1]]);
    expect(await edit({ content: 'New' })).toMatchObject({ variants: { [accountIds[1] ?? '']: { content: 'Old' } } });
    const [after] = await harness.sql('select * from publications where id = $1', [publicationIds[1]]);
    expect(after).toEqual({ ...before, variant: { content: 'Old' }, updated_at: expect.anything() });
    expect(await refusalOf(edit({ variants: { [accountIds[1] ?? '']: { content: 'Newer' } } }))).toMatchObject({
      code: 'already_publishing',
    });
  });
});

describe('an edit and a retry at the same moment', () => {
  test('an accepted edit is what is sent, a refused one is not, and it goes out once either way', async () => {
    for (let turn = 0; turn < 6; turn += 1) {
      harness.platform.accepted.length = 0;
      const { edit, retry, play, texts } = await partlyFailed();
      const first = turn % 2 === 0 ? [edit({ content: 'New' }), retry()] : [retry(), edit({ content: 'New' })];
      const outcomes = await Promise.allSettled(first);
      const [editing, retrying] = turn % 2 === 0 ? outcomes : outcomes.toReversed();
      expect(retrying?.status).toBe('fulfilled');
      if (editing?.status === 'rejected') expect(editing.reason).toMatchObject({ code: 'already_publishing' });
      expect(await play(1)).toBe('published');
      expect(texts()).toEqual(['Old', editing?.status === 'fulfilled' ? 'New' : 'Old']);
    }
  });
});
