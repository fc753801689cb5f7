import { PostStatus } from '@vibetribe/contracts/post-status';
import { PublicationStatus } from '@vibetribe/contracts/publication-status';
import { newId } from '@vibetribe/db/new-id';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { deletePost } from '../lifecycle/delete-post.ts';
import { type ListPosts, listPosts } from './list-posts.ts';
import type { PostCursor } from './post-candidates.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness } from '../test-harness.ts';

let harness: PostTestHarness;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

async function idsOf(
  actor: Actor,
  filter: Partial<ListPosts> = {},
  betweenPages?: (shown: string[]) => Promise<unknown>,
): Promise<string[]> {
  const ids: string[] = [];
  let after: PostCursor | null = null;
  do {
    const page: Awaited<ReturnType<typeof listPosts>> = await listPosts(harness.deps, actor, {
      limit: 100,
      ...filter,
      after,
    });
    const shown = page.items.map((post) => post.id);
    ids.push(...shown);
    after = page.next;
    await betweenPages?.(shown);
  } while (after !== null);
  return ids;
}

/** Many posts in one statement, several to a microsecond, so that time alone orders nothing. */
async function addPosts(actor: Actor, count: number): Promise<string[]> {
  const accountId = await harness.addAccount(actor);
  const ids = Array.from({ length: count }, () => newId('post'));
  await harness.sql(
    `with made as (
       insert into posts (id, organization_id, content, created_at)
       select id, $2, 'Hello', now() - (n / 7) * interval '1 microsecond' from unnest($1::text[]) with ordinality as u(id, n) returning id)
     insert into publications (id, organization_id, post_id, account_id, platform, status)
     select 'pub_' || id, $2, id, $3, 'x', 'draft' from made`,
    [ids, actor.organizationId, accountId],
  );
  return ids;
}

describe('pages', () => {
  test('show each of 1,000 posts once, newest first, while others come and go', async () => {
    const actor = await harness.addActor();
    const ids = await addPosts(actor, 1_000);
    const accountIds = [await harness.addAccount(actor)];
    const seen = await idsOf(actor, {}, async (shown) => {
      await harness.create(actor, { accountIds });
      await deletePost(harness.deps, actor, { postId: shown[0] ?? '', expected: null });
    });
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.toSorted()).toEqual(ids.toSorted());
    const rows = await harness.sql('select id from posts where id = any($1) order by created_at desc, id desc', [ids]);
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  test('end without a cursor, also where the last page is full', async () => {
    const actor = await harness.addActor();
    await addPosts(actor, 4);
    const first = await listPosts(harness.deps, actor, { limit: 2, after: null });
    const second = await listPosts(harness.deps, actor, { limit: 2, after: first.next });
    expect(first.next).not.toBeNull();
    expect(second).toMatchObject({ items: [{}, {}], next: null });
  });

  test('filtered by a status that few posts have are full all the same', async () => {
    const actor = await harness.addActor();
    const ids = await addPosts(actor, 300);
    const rare = ids.filter((_, index) => index % 50 === 0);
    await harness.sql(`update publications set status = 'failed' where post_id = any($1)`, [rare]);
    const page = await listPosts(harness.deps, actor, { limit: 5, after: null, status: 'failed' });
    expect(page.items).toHaveLength(5);
    expect((await idsOf(actor, { limit: 5, status: 'failed' })).toSorted()).toEqual(rare.toSorted());
  });
});

describe('large posts', () => {
  test('fill a page by their size, and are all shown', async () => {
    const actor = await harness.addActor();
    const accountIds = [await harness.addAccount(actor), await harness.addAccount(actor)];
    const content = 'x'.repeat(90_000);
    const ids: string[] = [];
    for (let made = 0; made < 12; made += 1) {
      const { id } = await harness.create(actor, {
        content,
        accountIds,
        variants: Object.fromEntries(accountIds.map((accountId) => [accountId, { content }])),
      });
      ids.unshift(id);
    }
    const page = await listPosts(harness.deps, actor, { limit: 100, after: null });
    expect(Buffer.byteLength(JSON.stringify(page.items))).toBeLessThan(1_100_000);
    expect(page.next).not.toBeNull();
    expect(await idsOf(actor)).toEqual(ids);
  });

  test('are shown also where one alone is larger than a page', async () => {
    const actor = await harness.addActor();
    const accountIds = [await harness.addAccount(actor)];
    const posts = [await harness.create(actor, { accountIds }), await harness.create(actor, { accountIds })];
    const error = {
      category: 'content',
      code: 'x',
      message: 'x',
      retryable: false,
      manual: { text: 'x'.repeat(3e6), mediaUrls: [], composeUrl: null },
    };
    await harness.sql('update publications set error = $2 where id = any($1)', [
      posts.flatMap(({ publications }) => publications.map(({ id }) => id)),
      JSON.stringify(error),
    ]);
    expect((await listPosts(harness.deps, actor, { limit: 100, after: null })).items).toHaveLength(1);
    expect(await idsOf(actor)).toHaveLength(2);
  });
});

describe('filters', () => {
  test('by status agree with the status that is shown, for every mix of publications that can be', async () => {
    const actor = await harness.addActor();
    const accountIds = [await harness.addAccount(actor), await harness.addAccount(actor, { platform: 'mastodon' })];
    const ended = new Set(['published', 'failed']);
    const kinds = [
      ...PublicationStatus.options.map((status) => ({ status, reason: status === 'waiting' ? 'token' : null })),
      { status: 'waiting', reason: 'decision' },
    ];
    // A post is scheduled as a whole: beside a draft nothing has ended, and what is scheduled beside something that has is due.
    const mixes = kinds
      .flatMap((one) => kinds.map((other) => [one, other]))
      .filter((mix) => !mix.some(({ status }) => status === 'draft') || !mix.some(({ status }) => ended.has(status)));
    const rows = mixes.flatMap((mix) => {
      const postId = newId('post');
      return mix.map(({ status, reason }, place) => ({ postId, accountId: accountIds[place], status, reason }));
    });
    await harness.sql(
      `with given as (select * from jsonb_to_recordset($2) as g("postId" text, "accountId" text, status text, reason text)),
       made as (insert into posts (id, organization_id, content) select distinct "postId", $1, 'Hello' from given returning id)
       insert into publications (id, organization_id, post_id, account_id, platform, status, waiting_reason, due_at)
       select 'pub_' || made.id || "accountId", $1, made.id, "accountId", a.platform, g.status, reason, case when g.status = 'scheduled' then now() end
       from made join given g on "postId" = made.id join accounts a on a.id = "accountId"`,
      [actor.organizationId, JSON.stringify(rows)],
    );
    const { items } = await listPosts(harness.deps, actor, { limit: 1_000, after: null });
    expect(items).toHaveLength(mixes.length);
    for (const status of PostStatus.options) {
      const shown = items.flatMap((post) => (post.status === status ? [post.id] : []));
      expect(await idsOf(actor, { status })).toEqual(shown);
      for (const accountId of accountIds) expect(await idsOf(actor, { status, accountId })).toEqual(shown);
      expect(await idsOf(actor, { status, platform: 'mastodon', limit: 3 })).toEqual(shown);
      expect(await idsOf({ ...actor, accountIds }, { status })).toEqual(shown);
    }
  });

  test('by time take what lies from the first and before the second, and no drafts without a time', async () => {
    const actor = await harness.addActor();
    const accountIds = [await harness.addAccount(actor)];
    const times = [10, 20, 30].map((minutes) => inMinutes(minutes));
    const posts = [];
    for (const scheduledAt of times) posts.push(await harness.create(actor, { accountIds, scheduledAt }));
    await harness.create(actor, { accountIds });
    expect(await idsOf(actor, { from: times[1], to: times[2] })).toEqual([posts[1]?.id]);
    expect(await idsOf(actor, { from: times[1] })).toEqual([posts[2]?.id, posts[1]?.id]);
    expect(await idsOf(actor, { to: times[1] })).toEqual([posts[0]?.id]);
    expect(await idsOf(actor, { from: '0000-01-01T00:00:00Z', to: '9999-12-31T23:59:59-23:59' })).toHaveLength(3);
  });

  test('by account and platform must hold of the same publication', async () => {
    const actor = await harness.addActor();
    const x = await harness.addAccount(actor);
    const mastodon = await harness.addAccount(actor, { platform: 'mastodon' });
    const both = await harness.create(actor, { accountIds: [x, mastodon] });
    const one = await harness.create(actor, { accountIds: [x] });
    expect(await idsOf(actor, { accountId: x })).toEqual([one.id, both.id]);
    expect(await idsOf(actor, { platform: 'mastodon' })).toEqual([both.id]);
    expect(await idsOf(actor, { accountId: x, platform: 'mastodon' })).toEqual([]);
    expect(await idsOf(actor, { accountId: newId('account') })).toEqual([]);
  });
});
