import type { Post, UpdatePost } from '@vibetribe/contracts/post';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { enqueueSettings } from '../../publishing/dispatch/dispatch.ts';
import { enqueueDue } from '../../publishing/dispatch/enqueue-due.ts';
import { cancelPost } from '../lifecycle/cancel-post.ts';
import { readTimeline } from '../read/read-timeline.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness, refusalOf } from '../test-harness.ts';
import { updatePost } from './update-post.ts';

let harness: PostTestHarness;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

const edit = async (actor: Actor, post: Post, change: UpdatePost, expected: number | null = null): Promise<Post> =>
  (await updatePost(harness.deps, actor, { postId: post.id, change, expected })).post;

async function scheduledPost(minutes = 60) {
  const actor = await harness.addActor();
  const accountId = await harness.addAccount(actor);
  return {
    actor,
    accountId,
    post: await harness.create(actor, { accountIds: [accountId], scheduledAt: inMinutes(minutes) }),
  };
}

describe('an edit', () => {
  test('replaces what is given, leaves the rest, and is what a later claim reads', async () => {
    const { actor, accountId, post } = await scheduledPost(0);
    const edited = await edit(actor, post, {
      content: 'New',
      priority: 'high',
      misfire: { policy: 'skip' },
      timezone: 'Europe/Berlin',
    });
    expect(edited).toMatchObject({
      content: 'New',
      priority: 'high',
      misfire: { policy: 'skip' },
      timezone: 'Europe/Berlin',
    });
    expect(edited).toMatchObject({ status: 'scheduled', scheduledAt: post.scheduledAt });
    await edit(actor, post, { variants: { [accountId]: { content: 'For this account' } } });
    const claimed = await harness.claim(post.publications[0]?.id ?? '');
    expect(claimed).toMatchObject({ kind: 'claimed', work: { content: { text: 'For this account' } } });
  });

  test('schedules a draft, moves it, and takes it off the schedule again', async () => {
    const actor = await harness.addActor();
    const draft = await harness.create(actor, { accountIds: [await harness.addAccount(actor)] });
    const [soon, later] = [inMinutes(30), inMinutes(90)];
    expect(await edit(actor, draft, { scheduledAt: soon })).toMatchObject({ status: 'scheduled', scheduledAt: soon });
    expect(await edit(actor, draft, { scheduledAt: later })).toMatchObject({
      status: 'scheduled',
      publications: [{ nextAttemptAt: later }],
    });
    expect(await edit(actor, draft, { scheduledAt: null })).toMatchObject({
      status: 'draft',
      scheduledAt: null,
      publications: [{ status: 'draft', nextAttemptAt: null }],
    });
    const { items } = await readTimeline(harness.deps, actor, { postId: draft.id, limit: 100, after: null });
    expect(items.map(({ type }) => type)).toEqual([
      'post.created',
      'post.edited',
      'publication.scheduled',
      'post.edited',
      'publication.rescheduled',
      'post.edited',
      'publication.unscheduled',
    ]);
  });

  test('disarms what it reschedules, so that the old job finds nothing to do', async () => {
    const { actor, post } = await scheduledPost(1);
    const id = post.publications[0]?.id ?? '';
    await harness.sql(`update publications set enqueued_until = now() + interval '1 minute' where id = $1`, [id]);
    await edit(actor, post, { scheduledAt: inMinutes(90) });
    expect(await harness.sql('select enqueued_until from publications where id = $1', [id])).toEqual([
      { enqueued_until: null },
    ]);
    expect(await harness.claim(id)).toMatchObject({ kind: 'refused', reason: 'not_due' });
  });

  test('adds and removes accounts, and those added are scheduled like the others', async () => {
    const { actor, accountId, post } = await scheduledPost();
    const added = await harness.addAccount(actor, { platform: 'bluesky' });
    const two = await edit(actor, post, { accountIds: [accountId, added], variants: { [added]: { content: 'Hi' } } });
    expect(two.publications).toMatchObject([
      { id: post.publications[0]?.id },
      { accountId: added, platform: 'bluesky', status: 'scheduled', nextAttemptAt: post.scheduledAt },
    ]);
    expect(two.variants).toEqual({ [added]: { content: 'Hi' } });
    const one = await edit(actor, post, { accountIds: [added] });
    expect(one).toMatchObject({ status: 'scheduled', publications: [{ accountId: added }] });
    expect(await harness.claim(post.publications[0]?.id ?? '')).toEqual({ kind: 'refused', reason: 'unknown' });
  });

  test('that takes an account out passes the job on that stood for other posts of it', async () => {
    const actor = await harness.addActor();
    const [shared, kept] = [await harness.addAccount(actor), await harness.addAccount(actor)];
    const scheduledAt = inMinutes(1);
    const create = (content: string) => harness.create(actor, { content, accountIds: [shared, kept], scheduledAt });
    const posts = [await create('One'), await create('Two')];
    const inShared = ({ publications }: Post) => publications.find(({ accountId }) => accountId === shared)?.id ?? '';
    const enqueued = async () => (await enqueueDue(harness.deps, enqueueSettings)).map((job) => job.publicationId);
    const jobs = await enqueued();
    const [led] = posts.map(inShared).filter((id) => !jobs.includes(id));
    for (const post of posts) if (jobs.includes(inShared(post))) await edit(actor, post, { accountIds: [kept] });
    expect(await enqueued()).toContain(led);
  });

  test('that sends back the time it read is no reschedule, though the time has come', async () => {
    const { actor, post } = await scheduledPost(0.001);
    const past = inMinutes(-30);
    await harness.sql(`update posts set scheduled_at = $2 where id = $1`, [post.id, past]);
    await harness.sql(
      `update publications set scheduled_at = $2, status = 'waiting', waiting_reason = 'rate_limit', due_at = now() + interval '1 h' where post_id = $1`,
      [post.id, past],
    );
    const edited = await edit(actor, post, { content: 'New', scheduledAt: past });
    expect(edited).toMatchObject({
      content: 'New',
      publications: [{ status: 'waiting', waitingFor: { reason: 'rate_limit' } }],
    });
  });

  test('is checked like a new post: what would be refused at its time is refused now, and nothing is written', async () => {
    const { actor, accountId, post } = await scheduledPost();
    const mastodon = await harness.addAccount(actor, { platform: 'mastodon' });
    const foreign = await harness.addAccount(await harness.addActor());
    const change = {
      content: 'x'.repeat(281),
      accountIds: [accountId, mastodon, foreign],
      variants: { [mastodon]: {}, nobody: {} },
    };
    const { code, errors } = await refusalOf(edit(actor, post, change));
    expect(code).toBe('validation_failed');
    expect(errors.map(({ path }) => path)).toEqual([
      'accountIds.2',
      'variants.nobody',
      `variants.${accountId}.content`,
    ]);
    expect((await refusalOf(edit(actor, post, { scheduledAt: inMinutes(-2) }))).errors).toMatchObject([
      { path: 'scheduledAt' },
    ]);
    expect(await edit(actor, post, {})).toMatchObject({ content: 'Hello', publications: [{ accountId }] });
  });

  test('of a draft may leave it unfit, but a stale variant shows when it is scheduled', async () => {
    const actor = await harness.addActor();
    const accountId = await harness.addAccount(actor);
    const draft = await harness.create(actor, { accountIds: [accountId] });
    await edit(actor, draft, { variants: { [accountId]: { content: '' } } });
    const { errors } = await refusalOf(edit(actor, draft, { scheduledAt: inMinutes(5) }));
    expect(errors).toMatchObject([{ path: `variants.${accountId}.content` }]);
  });

  test('does not schedule to an account that was disconnected meanwhile', async () => {
    const actor = await harness.addActor();
    const accountId = await harness.addAccount(actor);
    const draft = await harness.create(actor, { accountIds: [accountId] });
    await harness.sql(`update accounts set status = 'disconnected' where id = $1`, [accountId]);
    expect(await edit(actor, draft, { content: 'New' })).toMatchObject({ status: 'draft' });
    expect((await refusalOf(edit(actor, draft, { scheduledAt: inMinutes(5) }))).errors).toMatchObject([
      { path: 'accountIds.0' },
    ]);
  });

  test('leaves alone what was called off before anything was sent', async () => {
    const { actor, accountId, post } = await scheduledPost();
    const other = await harness.addAccount(actor);
    await edit(actor, post, { accountIds: [accountId, other] });
    await harness.sql(`update publications set status = 'canceled', due_at = null where account_id = $1`, [other]);
    const edited = await edit(actor, post, { content: 'New', scheduledAt: inMinutes(90) });
    expect(edited.publications.map(({ status }) => status)).toEqual(['scheduled', 'canceled']);
  });
});

describe('too late', () => {
  test.each([
    ['claimed', `status = 'publishing', lease_until = now() + interval '1 min'`],
    ['sent and unknown', `status = 'waiting', waiting_reason = 'reconciling', attempts = 1, intent_at = now()`],
    ['being retried', `status = 'retrying', attempts = 1`],
    ['unconfirmed', `status = 'unconfirmed', attempts = 1, due_at = null, intent_at = now()`],
    ['published', `status = 'published', attempts = 1, due_at = null, committed = true`],
  ])('no edit is accepted once it is %s', async (_name, change) => {
    const { actor, post } = await scheduledPost();
    await harness.sql(`update publications set ${change} where post_id = $1`, [post.id]);
    expect(await refusalOf(edit(actor, post, { content: 'New' }))).toMatchObject({ code: 'already_publishing' });
    expect(await harness.sql('select content, version from posts where id = $1', [post.id])).toEqual([
      { content: 'Hello', version: 1 },
    ]);
  });

  test('a canceled post is not revived by an edit', async () => {
    const { actor, post } = await scheduledPost();
    await cancelPost(harness.deps, actor, { postId: post.id });
    expect(await refusalOf(edit(actor, post, { scheduledAt: inMinutes(5) }))).toMatchObject({
      code: 'already_publishing',
    });
  });
});

describe('two editors', () => {
  test('who read the same version: the first wins, the second is told, and no word is lost', async () => {
    const { actor, post } = await scheduledPost();
    const edits = await Promise.allSettled(['One', 'Two'].map((content) => edit(actor, post, { content }, 1)));
    const [lost] = edits.filter((outcome) => outcome.status === 'rejected');
    const [won] = edits.filter((outcome) => outcome.status === 'fulfilled');
    expect(lost?.reason).toMatchObject({ code: 'precondition_failed' });
    const rows = await harness.sql('select content, version from posts where id = $1', [post.id]);
    expect(rows).toEqual([{ content: won?.value.content, version: 2 }]);
  });

  test('the version rises with edits, not with what happens to a publication', async () => {
    const { actor, post } = await scheduledPost();
    const first = await updatePost(harness.deps, actor, { postId: post.id, change: { content: 'New' }, expected: 1 });
    expect(first.version).toBe(2);
    await harness.sql(
      `update publications set status = 'waiting', waiting_reason = 'paused', due_at = null where post_id = $1`,
      [post.id],
    );
    const second = await updatePost(harness.deps, actor, {
      postId: post.id,
      change: { content: 'Newer' },
      expected: 2,
    });
    expect(second.version).toBe(3);
  });
});
