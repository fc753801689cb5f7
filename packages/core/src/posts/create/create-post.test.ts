import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newId } from '@vibetribe/db/new-id';
import { enqueueSettings } from '../../publishing/dispatch/dispatch.ts';
import { createPost } from './create-post.ts';
import { updatePost } from '../edit/update-post.ts';
import { addPictures } from '../test-pictures.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness, refusalOf } from '../test-harness.ts';
import { validatePost } from '../check/validate-post.ts';

let harness: PostTestHarness;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

const tooLong = 'x'.repeat(281);

describe('a created post', () => {
  test('with a time is scheduled to each account, in the order given, and its story begins', async () => {
    const actor = await harness.addActor();
    const accountIds = [
      await harness.addAccount(actor),
      await harness.addAccount(actor, { platform: 'mastodon' }),
    ].reverse();
    const scheduledAt = inMinutes(60);
    const post = await harness.create(actor, { accountIds, scheduledAt });
    expect(post).toMatchObject({ status: 'scheduled', scheduledAt, content: 'Hello' });
    expect(post.publications.map(({ accountId }) => accountId)).toEqual(accountIds);
    expect(post.publications).toMatchObject([
      { status: 'scheduled', nextAttemptAt: scheduledAt, attempts: 0, waitingFor: null, error: null },
      { platform: 'x' },
    ]);
    const events = await harness.sql('select type from events where post_id = $1 order by id', [post.id]);
    expect(events.map(({ type }) => type)).toEqual(['post.created', 'publication.scheduled', 'publication.scheduled']);
  });

  test('without a time, or said to be one, is a draft that nobody will send', async () => {
    const actor = await harness.addActor();
    const accountIds = [await harness.addAccount(actor)];
    expect(await harness.create(actor, { accountIds })).toMatchObject({ status: 'draft', scheduledAt: null });
    const scheduledAt = inMinutes(60);
    const kept = await harness.create(actor, { accountIds, scheduledAt, draft: true });
    expect(kept).toMatchObject({
      status: 'draft',
      scheduledAt,
      publications: [{ status: 'draft', nextAttemptAt: null }],
    });
    const due = await harness.sql('select 1 from publications where post_id = $1 and due_at is not null', [kept.id]);
    expect(due).toEqual([]);
  });

  test("may be as long as the account's own server allows", async () => {
    const actor = await harness.addActor();
    const accountIds = [await harness.addAccount(actor, { platform: 'mastodon' })];
    const long = { accountIds, content: 'x'.repeat(4_000), scheduledAt: inMinutes(60) };
    expect(await refusalOf(harness.create(actor, long))).toMatchObject({ code: 'validation_failed' });
    await harness.sql(
      `update accounts set server_rules = '{"textMax": 5000, "urlCharacters": 23}' where id = $1`,
      accountIds,
    );
    expect(await harness.create(actor, long)).toMatchObject({ status: 'scheduled' });
  });

  test("may show as many pictures as the account's own server allows, and no more", async () => {
    const actor = await harness.addActor();
    const accountIds = [await harness.addAccount(actor, { platform: 'mastodon' })];
    const mediaIds = await addPictures(harness, actor.organizationId, 5);
    const album = { accountIds, mediaIds, scheduledAt: inMinutes(60) };
    const allow = (countMax: number) =>
      harness.sql(`update accounts set server_rules = $2 where id = $1`, [
        accountIds[0],
        { textMax: 500, urlCharacters: 23, media: { countMax } },
      ]);
    await allow(6);
    expect(await harness.create(actor, album)).toMatchObject({ status: 'scheduled' });
    await allow(2);
    expect(await refusalOf(harness.create(actor, album))).toMatchObject({
      errors: [{ message: expect.stringContaining('2 pictures') }],
    });
  });

  test('less than a minute in the past goes out now, more is refused', async () => {
    const actor = await harness.addActor();
    const accountIds = [await harness.addAccount(actor)];
    const post = await harness.create(actor, { accountIds, scheduledAt: inMinutes(-0.5) });
    expect(await harness.claim(post.publications[0]?.id ?? '')).toMatchObject({ kind: 'claimed' });
    const refusal = await refusalOf(harness.create(actor, { accountIds, scheduledAt: inMinutes(-2) }));
    expect(refusal).toMatchObject({ code: 'validation_failed', errors: [{ path: 'scheduledAt' }] });
  });

  test.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59'])(
    'is refused at %s, which no clock can keep',
    async (scheduledAt) => {
      const actor = await harness.addActor();
      const accountIds = [await harness.addAccount(actor)];
      for (const draft of [true, false]) {
        const refusal = await refusalOf(harness.create(actor, { accountIds, scheduledAt, draft }));
        expect(refusal.errors).toMatchObject([{ path: 'scheduledAt' }]);
      }
    },
  );

  test('notifies the dispatchers only when something is due as soon as they look ahead', async () => {
    const actor = await harness.addActor();
    const accountIds = [await harness.addAccount(actor)];
    const before = { ...harness.notified };
    const lookAheadMinutes = enqueueSettings.lookAheadMs / 60_000;
    await harness.create(actor, { accountIds, scheduledAt: inMinutes(lookAheadMinutes + 1) });
    await harness.create(actor, { accountIds });
    expect(harness.notified).toEqual({ events: before.events + 2, dispatch: before.dispatch });
    await harness.create(actor, { accountIds, scheduledAt: inMinutes(lookAheadMinutes - 1) });
    expect(harness.notified.dispatch).toBe(before.dispatch + 1);
  });

  test('stands or falls with what the caller writes in its transaction', async () => {
    const actor = await harness.addActor();
    const accountIds = [await harness.addAccount(actor)];
    const attempt = createPost(harness.deps, actor, { content: 'Hello', accountIds }, () =>
      Promise.reject(new Error('no')),
    );
    await expect(attempt).rejects.toThrow('no');
    expect(await harness.sql('select 1 from posts where organization_id = $1', [actor.organizationId])).toEqual([]);
  });
});

describe('a post that cannot be', () => {
  test('has texts and options that are too large together, as a draft and after an edit too', async () => {
    const actor = await harness.addActor();
    const accountIds = [
      await harness.addAccount(actor),
      await harness.addAccount(actor),
      await harness.addAccount(actor),
    ];
    const variants = Object.fromEntries(accountIds.map((id) => [id, { content: 'x'.repeat(90_000) }]));
    const tooLarge = await refusalOf(harness.create(actor, { content: 'x'.repeat(90_000), accountIds, variants }));
    expect(tooLarge).toMatchObject({ code: 'validation_failed', errors: [{ path: 'variants' }] });
    const { id } = await harness.create(actor, { accountIds, variants });
    const change = { content: 'x'.repeat(90_000) };
    const grown = await refusalOf(updatePost(harness.deps, actor, { postId: id, change, expected: null }));
    expect(grown).toMatchObject({ code: 'validation_failed', errors: [{ path: 'variants' }] });
  });

  test('names every fault at once, with its path', async () => {
    const actor = await harness.addActor();
    const good = await harness.addAccount(actor);
    const gone = await harness.addAccount(actor, { status: 'disconnected' });
    const foreign = await harness.addAccount(await harness.addActor());
    const unknown = newId('account');
    const input = {
      accountIds: [good, unknown, foreign, gone],
      mediaIds: [newId('media')],
      variants: { [good]: { content: tooLong, mediaIds: [newId('media')] }, [newId('account')]: { content: 'x' } },
      scheduledAt: inMinutes(-5),
    };
    const { errors } = await refusalOf(harness.create(actor, input));
    const paths = errors.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'accountIds.1',
        'accountIds.2',
        'accountIds.3',
        'mediaIds.0',
        `variants.${good}.mediaIds.0`,
        'scheduledAt',
        `variants.${good}.content`,
      ]),
    );
    const messages = new Map(errors.map(({ path, message }) => [path, message]));
    expect(messages.get('accountIds.1')).toBe(messages.get('accountIds.2'));
    expect(await harness.sql('select 1 from posts where organization_id = $1', [actor.organizationId])).toEqual([]);
  });

  test('is refused per account when scheduled, and kept as a draft', async () => {
    const actor = await harness.addActor();
    const [x, mastodon] = [await harness.addAccount(actor), await harness.addAccount(actor, { platform: 'mastodon' })];
    const input = {
      accountIds: [x, mastodon],
      content: tooLong,
      variants: { [mastodon]: { options: { colour: 'red' } } },
    };
    const { errors } = await refusalOf(harness.create(actor, { ...input, scheduledAt: inMinutes(5) }));
    expect(errors.map(({ path }) => path)).toEqual([`variants.${x}.content`, `variants.${mastodon}.options.colour`]);
    expect(await harness.create(actor, input)).toMatchObject({ status: 'draft' });
  });

  test('with more pictures than the platform takes is refused by name', async () => {
    const actor = await harness.addActor();
    const x = await harness.addAccount(actor);
    const mediaIds = await addPictures(harness, actor.organizationId, 5);
    const { errors } = await refusalOf(harness.create(actor, { accountIds: [x], mediaIds, scheduledAt: inMinutes(5) }));
    expect(errors).toMatchObject([{ path: `variants.${x}.mediaIds`, message: expect.stringContaining('pictures') }]);
  });

  test('is a draft with the accounts that an API key is limited to, and with no others', async () => {
    const owner = await harness.addActor();
    const [own, other] = [await harness.addAccount(owner), await harness.addAccount(owner)];
    const key = { ...owner, accountIds: [own] };
    expect(await harness.create(key, { accountIds: [own] })).toMatchObject({ status: 'draft' });
    expect((await refusalOf(harness.create(key, { accountIds: [own, other] }))).errors).toMatchObject([
      { path: 'accountIds.1' },
    ]);
  });
});

describe('the dry run', () => {
  test('tells what each platform says, and writes nothing', async () => {
    const actor = await harness.addActor();
    const x = await harness.addAccount(actor, { status: 'needs_reauth' });
    const mastodon = await harness.addAccount(actor, { platform: 'mastodon' });
    const report = await validatePost(harness.deps, actor, { content: tooLong, accountIds: [x, mastodon] });
    expect(report).toMatchObject({
      valid: false,
      results: [
        {
          accountId: x,
          platform: 'x',
          errors: [{ code: 'text_too_long', field: 'content' }],
          warnings: [{ code: 'account_needs_reauth' }],
        },
        { accountId: mastodon, platform: 'mastodon', errors: [] },
      ],
    });
    expect(await validatePost(harness.deps, actor, { content: 'Hello', accountIds: [x] })).toMatchObject({
      valid: true,
    });
    expect(await harness.sql('select 1 from posts where organization_id = $1', [actor.organizationId])).toEqual([]);
  });

  test('refuses what no platform has to be asked about', async () => {
    const actor = await harness.addActor();
    const attempt = validatePost(harness.deps, actor, {
      content: 'Hello',
      accountIds: [newId('account')],
      scheduledAt: inMinutes(-5),
    });
    expect((await refusalOf(attempt)).errors.map(({ path }) => path)).toEqual(['accountIds.0', 'scheduledAt']);
  });
});
