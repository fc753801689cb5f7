import type { CreatePost } from '@vibetribe/contracts/post';
import { connectDatabase } from '@vibetribe/db/connect-database';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { cancelPost } from '../lifecycle/cancel-post.ts';
import { publishPost } from '../lifecycle/publish-post.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness } from '../test-harness.ts';
import { updatePost } from '../edit/update-post.ts';
import { validatePost } from './validate-post.ts';

let harness: PostTestHarness;
let actor: Actor;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
  actor = await harness.addActor();
});
afterAll(() => harness[Symbol.asyncDispose]());

const codes = ({ warnings }: { warnings?: readonly { code: string; accountId: string }[] | undefined }) =>
  warnings?.map(({ code, accountId }) => [code, accountId]);
const warned = async (input: CreatePost, as = actor) => {
  const { results } = await validatePost(harness.deps, as, input);
  return results.flatMap(({ accountId, warnings }) =>
    warnings.flatMap(({ code }) => (code === 'duplicate_text' ? [accountId] : [])),
  );
};

describe('the same text twice on one account within a day', () => {
  test('is a warning when it is scheduled and in the dry run, for that account alone', async () => {
    const [one, other] = [await harness.addAccount(actor), await harness.addAccount(actor, { platform: 'bluesky' })];
    const first = await harness.create(actor, { accountIds: [one], scheduledAt: inMinutes(60) });
    expect(first.warnings).toBeUndefined();
    const second = await harness.create(actor, { accountIds: [one, other], scheduledAt: inMinutes(90) });
    expect(second.warnings).toMatchObject([
      { accountId: one, code: 'duplicate_text', field: 'content', message: expect.stringContaining(first.id) },
    ]);
    expect(second.status).toBe('scheduled');
    const again = { content: 'Hello', accountIds: [other, one] };
    expect(await warned({ ...again, scheduledAt: inMinutes(24 * 60) })).toEqual([other, one]);
    expect(await warned(again)).toEqual([other, one]);
    expect(await warned({ ...again, scheduledAt: inMinutes(24 * 60 + 91) })).toEqual([]);
    expect(await warned({ ...again, variants: { [one]: { content: 'Other' } } })).toEqual([other]);
    const draft = await harness.create(actor, { accountIds: [one] });
    expect(draft.warnings).toBeUndefined();
    expect(codes((await publishPost(harness.deps, actor, { postId: draft.id })).post)).toEqual([
      ['duplicate_text', one],
    ]);
  });

  test('is found by what a reader sees of it: variants, composed letters, spaces and what cannot be seen', async () => {
    const accountId = await harness.addAccount(actor);
    const variants = { [accountId]: { content: ' Cafe\u0301  de\nParis\u200B \u2764\uFE0F ' } };
    await harness.create(actor, { content: 'Elsewhere', accountIds: [accountId], variants, scheduledAt: inMinutes(5) });
    const now = (content: string) => warned({ content, accountIds: [accountId] });
    expect(await now('Café de Paris \u2764')).toEqual([accountId]);
    expect(await now('Café de paris \u2764')).toEqual([]);
    expect(await now('Elsewhere')).toEqual([]);
  });

  test('is told after an edit, of the text that goes out then and never of the post itself', async () => {
    const accountId = await harness.addAccount(actor);
    const post = await harness.create(actor, { content: 'One', accountIds: [accountId], scheduledAt: inMinutes(5) });
    const edit = async (change: object) =>
      (await updatePost(harness.deps, actor, { postId: post.id, change, expected: null })).post;
    expect(codes(await edit({ content: 'Two' }))).toBeUndefined();
    expect(await warned({ content: 'One', accountIds: [accountId] })).toEqual([]);
    expect(await warned({ content: 'Two', accountIds: [accountId] })).toEqual([accountId]);
    const other = await harness.create(actor, { content: 'Six', accountIds: [accountId], scheduledAt: inMinutes(9) });
    expect(codes(await edit({ variants: { [accountId]: { content: 'Six' } } }))).toEqual([
      ['duplicate_text', accountId],
    ]);
    await cancelPost(harness.deps, actor, { postId: other.id });
    expect(codes(await edit({ content: 'Seven' }))).toBeUndefined();
  });

  test.each([
    [
      'published an hour ago',
      `status = 'published', published_at = now() - interval '1 hour', scheduled_at = now() - interval '3 days'`,
      true,
    ],
    ['published two days ago', `status = 'published', published_at = now() - interval '2 days'`, false],
    ['unconfirmed', `status = 'unconfirmed'`, true],
    ['failed', `status = 'failed'`, false],
  ])('counts what is out or may be, whenever it was due: %s', async (_what, change, counts) => {
    const accountId = await harness.addAccount(actor);
    const post = await harness.create(actor, { content: 'Out', accountIds: [accountId], scheduledAt: inMinutes(5) });
    await harness.sql(`update publications set ${change} where post_id = $1`, [post.id]);
    expect(await warned({ content: 'Out', accountIds: [accountId] })).toEqual(counts ? [accountId] : []);
  });
});

test('another organization’s posts are not looked at, not even on an account of the same name there', async () => {
  const accountId = await harness.addAccount(actor);
  await harness.create(actor, { content: 'Secret', accountIds: [accountId], scheduledAt: inMinutes(5) });
  const stranger = await harness.addActor();
  const own = await harness.addAccount(stranger);
  await harness.sql(
    'update accounts a set external_id = o.external_id, handle = o.handle from accounts o where a.id = $1 and o.id = $2',
    [own, accountId],
  );
  expect(await warned({ content: 'Secret', accountIds: [own] }, stranger)).toEqual([]);
});

test('a look reads what is within the day, not an account’s whole calendar of the same text', async () => {
  const accountId = await harness.addAccount(actor);
  const calendar = 3_000;
  const post = await harness.create(actor, { content: 'Daily', accountIds: [accountId], scheduledAt: inMinutes(5) });
  await harness.sql(
    `insert into posts (id, organization_id, content) select 'daily' || i, $1, 'Daily' from generate_series(1, ${calendar}) i`,
    [actor.organizationId],
  );
  await harness.sql(
    `insert into publications (id, organization_id, post_id, account_id, platform, status, text_key, scheduled_at, due_at)
     select 'daily' || i, p.organization_id, 'daily' || i, p.account_id, p.platform, 'scheduled', p.text_key, at, at
     from publications p, generate_series(1, ${calendar}) i, lateral (select now() + interval '3 days' + i * interval '1 hour' as at) d
     where p.post_id = $1`,
    [post.id],
  );
  await harness.sql('analyze publications');
  const before = await entriesRead();
  {
    // A session's counts are complete when it has ended.
    await using db = connectDatabase({
      databaseUrl: harness.databaseUrl,
      poolMax: 1,
      poolMin: 0,
      applicationName: 'test',
      onError: () => undefined,
    });
    const input = { content: 'Daily', accountIds: [accountId] };
    const { results } = await validatePost({ ...harness.deps, db }, actor, input);
    expect(results[0]?.warnings).toMatchObject([{ code: 'duplicate_text' }]);
  }
  await expect.poll(async () => (await entriesRead()).byKey - before.byKey).toBeGreaterThan(0);
  const after = await entriesRead();
  expect(after.byKey - before.byKey).toBeLessThan(calendar / 10);
  expect(after.rows - before.rows).toBeLessThan(calendar / 10);
});

async function entriesRead(): Promise<{ byKey: number; rows: number }> {
  const [row] = await harness.sql<{ byKey: number; rows: number }>(
    `select (select idx_tup_read::float8 from pg_stat_user_indexes where indexrelname = 'publications_text_key') as "byKey",
       (select seq_tup_read::float8 from pg_stat_user_tables where relname = 'publications') as rows`,
  );
  return row ?? { byKey: 0, rows: 0 };
}
