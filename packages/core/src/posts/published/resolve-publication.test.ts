import type { ResolvePublication } from '@vibetribe/contracts/post';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { resolvePublication } from './resolve-publication.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness, refusalOf } from '../test-harness.ts';

let harness: PostTestHarness;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

const unconfirmed = `status = 'unconfirmed', attempts = 1, fence = 1, intent_at = now(), due_at = null,
  error = '{"category":"unknown_outcome","code":"unconfirmed","message":"?","retryable":false,"manual":null}'`;
const asks = `status = 'waiting', waiting_reason = 'decision', due_at = null`;

async function publicationIn(state: string) {
  const actor = await harness.addActor();
  const accountId = await harness.addAccount(actor);
  const post = await harness.create(actor, { accountIds: [accountId], scheduledAt: inMinutes(-0.5) });
  const publicationId = post.publications[0]?.id ?? '';
  await harness.sql(`update publications set ${state} where id = $1`, [publicationId]);
  const resolve = (answer: ResolvePublication) => resolvePublication(harness.deps, actor, { publicationId, answer });
  return { actor, accountId, publicationId, resolve };
}

describe('an unconfirmed publication', () => {
  test('that a person found is published, with the address they gave', async () => {
    const { resolve } = await publicationIn(unconfirmed);
    const settled = await resolve({ outcome: 'published', platformPostId: '77', url: 'https://x.example/77' });
    expect(settled).toMatchObject({
      status: 'published',
      platformPostId: '77',
      url: 'https://x.example/77',
      error: null,
    });
    expect(settled.lateByMs).toBeGreaterThan(0);
  });

  test('that a person did not find is sent again only if they say so', async () => {
    const again = await publicationIn(unconfirmed);
    const before = harness.notified.dispatch;
    expect(await again.resolve({ outcome: 'not_published', retry: true })).toMatchObject({
      status: 'scheduled',
      error: null,
    });
    expect(harness.notified.dispatch).toBe(before + 1);
    expect(await harness.claim(again.publicationId)).toMatchObject({ kind: 'claimed', work: { purpose: 'send' } });
    const enough = await publicationIn(unconfirmed);
    expect(await enough.resolve({ outcome: 'not_published', retry: false })).toMatchObject({
      status: 'failed',
      nextAttemptAt: null,
    });
  });

  test('is settled once: two people at the same moment do not send it twice', async () => {
    const { resolve, publicationId } = await publicationIn(unconfirmed);
    const outcomes = await Promise.allSettled([
      resolve({ outcome: 'not_published', retry: true }),
      resolve({ outcome: 'published', platformPostId: '78' }),
    ]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const events = await harness.sql(
      `select 1 from events where publication_id = $1 and type = 'publication.resolved'`,
      [publicationId],
    );
    expect(events).toHaveLength(1);
  });

  test('cannot be the same platform post as another one of its account', async () => {
    const { actor, accountId, resolve } = await publicationIn(unconfirmed);
    const other = await harness.create(actor, { accountIds: [accountId] });
    await harness.sql(`update publications set platform_post_id = '79' where id = $1`, [other.publications[0]?.id]);
    const refusal = await refusalOf(resolve({ outcome: 'published', platformPostId: '79' }));
    expect(refusal).toMatchObject({ code: 'validation_failed', errors: [{ path: 'platformPostId' }] });
    expect(await resolve({ outcome: 'published', platformPostId: '80' })).toMatchObject({ status: 'published' });
  });

  test('is not sent again to an account that was disconnected', async () => {
    const { accountId, resolve } = await publicationIn(unconfirmed);
    await harness.sql(`update accounts set status = 'disconnected' where id = $1`, [accountId]);
    const refusal = await refusalOf(resolve({ outcome: 'not_published', retry: true }));
    expect(refusal).toMatchObject({ code: 'validation_failed', errors: [{ path: 'retry' }] });
    expect(await resolve({ outcome: 'not_published', retry: false })).toMatchObject({ status: 'failed' });
  });

  test('is not sent again where what is out of it is taken off', async () => {
    const { resolve } = await publicationIn(`status = 'failed', attempts = 1, in_doubt_since = now(), due_at = null,
      parts = '[{"platformPostId":"7","url":null,"reference":null,"publishedAtMs":1}]', removal = '{"status":"removing"}'`);
    expect(await refusalOf(resolve({ outcome: 'not_published', retry: true }))).toMatchObject({ code: 'conflict' });
    expect(await resolve({ outcome: 'not_published', retry: false })).toMatchObject({ status: 'failed' });
  });

  test('takes no address that a browser would run', async () => {
    const { resolve } = await publicationIn(unconfirmed);
    const refusal = await refusalOf(resolve({ outcome: 'published', url: 'javascript:alert(1)' }));
    expect(refusal).toMatchObject({ code: 'validation_failed', errors: [{ path: 'url' }] });
  });

  test('is not asked whether it should still go', async () => {
    const { resolve } = await publicationIn(unconfirmed);
    expect(await refusalOf(resolve({ outcome: 'publish' }))).toMatchObject({ code: 'conflict' });
  });
});

describe('a publication that asks after a misfire', () => {
  test('goes out now, or not at all', async () => {
    const late = await publicationIn(asks);
    expect(await late.resolve({ outcome: 'publish' })).toMatchObject({ status: 'scheduled', waitingFor: null });
    expect(await harness.claim(late.publicationId)).toMatchObject({ kind: 'claimed' });
    const passed = await publicationIn(asks);
    expect(await passed.resolve({ outcome: 'skip' })).toMatchObject({ status: 'skipped', nextAttemptAt: null });
  });

  test('is not settled as if it had been sent', async () => {
    const { resolve } = await publicationIn(asks);
    expect(await refusalOf(resolve({ outcome: 'published' }))).toMatchObject({ code: 'conflict' });
  });
});

describe('a publication that a pause holds back', () => {
  const held = `status = 'waiting', waiting_reason = 'paused', waiting_detail = 'Stopped.', due_at = null`;

  test('is out where a person says so: a database that went back has forgotten it', async () => {
    const { resolve } = await publicationIn(held);
    expect(await resolve({ outcome: 'published', platformPostId: '81' })).toMatchObject({
      status: 'published',
      platformPostId: '81',
      waitingFor: null,
    });
  });

  test('goes out later where nobody has found it', async () => {
    const { resolve } = await publicationIn(held);
    expect(await refusalOf(resolve({ outcome: 'not_published', retry: true }))).toMatchObject({ code: 'conflict' });
  });
});

test('a publication that asks nothing is left alone', async () => {
  const { resolve } = await publicationIn(`status = 'scheduled'`);
  expect(await refusalOf(resolve({ outcome: 'not_published', retry: true }))).toMatchObject({ code: 'conflict' });
});
