import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { CoreDependencies } from '../core-dependencies.ts';
import { disconnectAccount } from '../accounts/disconnect-account.ts';
import { beginSends } from '../publishing/send/begin-sends.ts';
import { duplicatePost } from './create/duplicate-post.ts';
import { cancelPost } from './lifecycle/cancel-post.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness, refusalOf } from './test-harness.ts';
import { updatePost } from './edit/update-post.ts';

let harness: PostTestHarness;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

async function duePost() {
  const actor = await harness.addActor();
  const accountId = await harness.addAccount(actor);
  const post = await harness.create(actor, { content: 'Old', accountIds: [accountId], scheduledAt: inMinutes(0) });
  const publicationId = post.publications[0]?.id ?? '';
  const edit = (deps: CoreDependencies = harness.deps) =>
    updatePost(deps, actor, { postId: post.id, change: { content: 'New' }, expected: null });
  const cancel = (deps: CoreDependencies = harness.deps) => cancelPost(deps, actor, { postId: post.id });
  return { actor, accountId, postId: post.id, publicationId, edit, cancel };
}

async function claimedPost() {
  const post = await duePost();
  const claimed = await harness.claim(post.publicationId);
  if (claimed.kind !== 'claimed') throw new Error(`the claim was ${claimed.kind}`);
  const send = async (deps: CoreDependencies = harness.deps) => {
    const begun = await beginSends(deps, harness.settings, [
      { work: claimed.work, step: 'publish', key: null, replacesKey: false },
    ]);
    return begun.map((startedAt) => startedAt !== null);
  };
  return { ...post, send };
}

describe('an edit and a claim at the same moment', () => {
  test('the edit commits first: the claim waits for it and sends the new text', async () => {
    const { publicationId, edit } = await duePost();
    const held = harness.held();
    const editing = edit(held.deps);
    await held.reached;
    const claiming = harness.claim(publicationId);
    await harness.untilSomeoneWaits();
    held.release();
    await editing;
    expect(await claiming).toMatchObject({ kind: 'claimed', work: { content: { text: 'New' } } });
  });

  test('the claim commits first: the edit waits for it and is refused', async () => {
    const { publicationId, edit } = await duePost();
    const held = harness.held();
    const claiming = harness.claim(publicationId, held.deps);
    await held.reached;
    const editing = refusalOf(edit());
    await harness.untilSomeoneWaits();
    held.release();
    expect(await editing).toMatchObject({ code: 'already_publishing' });
    expect(await claiming).toMatchObject({ kind: 'claimed', work: { content: { text: 'Old' } } });
  });

  test('whoever wins: an edit that was accepted is what is sent', async () => {
    const rounds = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { publicationId, edit } = await duePost();
        const [edited, claimed] = await Promise.allSettled([edit(), harness.claim(publicationId)]);
        const sent =
          claimed.status === 'fulfilled' && claimed.value.kind === 'claimed' ? claimed.value.work.content.text : null;
        return { accepted: edited.status === 'fulfilled', sent };
      }),
    );
    for (const { accepted, sent } of rounds) expect(sent).toBe(accepted ? 'New' : 'Old');
  });
});

test('a copy that is made during an edit has all of it, not its variants alone', async () => {
  const { actor, accountId, postId } = await duePost();
  const held = harness.held();
  const change = { content: 'New', variants: { [accountId]: { content: 'New too' } } };
  const editing = updatePost(held.deps, actor, { postId, change, expected: null });
  await held.reached;
  const copying = duplicatePost(harness.deps, actor, { postId });
  await harness.untilSomeoneWaits();
  held.release();
  await editing;
  expect((await copying).post).toMatchObject(change);
});

describe('a cancellation and a send at the same moment', () => {
  test('the cancellation commits first: the publisher that had claimed it may not begin', async () => {
    const { cancel, send } = await claimedPost();
    const held = harness.held();
    const canceling = cancel(held.deps);
    await held.reached;
    const sending = send();
    await harness.untilSomeoneWaits();
    held.release();
    expect((await canceling).post).toMatchObject({ status: 'canceled' });
    expect(await sending).toEqual([false]);
  });

  test('the send commits first: the cancellation is honest and stops nothing', async () => {
    const { cancel, send } = await claimedPost();
    const held = harness.held();
    const sending = send(held.deps);
    await held.reached;
    const canceling = refusalOf(cancel());
    await harness.untilSomeoneWaits();
    held.release();
    expect(await sending).toEqual([true]);
    expect(await canceling).toMatchObject({ code: 'nothing_to_stop' });
  });

  test('whoever wins: a cancellation that was accepted is never followed by a send', async () => {
    const rounds = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { cancel, send } = await claimedPost();
        const [canceled, sent] = await Promise.allSettled([cancel(), send()]);
        return { canceled: canceled.status === 'fulfilled', sent: sent.status === 'fulfilled' && sent.value[0] };
      }),
    );
    for (const { canceled, sent } of rounds) expect(sent).toBe(!canceled);
  });

  test('a canceled post is claimed by nobody', async () => {
    const { cancel, publicationId } = await duePost();
    await cancel();
    expect(await harness.claim(publicationId)).toEqual({ kind: 'refused', reason: 'ended' });
  });
});

describe('an account that is disconnected at the same moment', () => {
  test('never keeps a scheduled post: it is canceled with the rest, or refused', async () => {
    const rounds = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const actor = await harness.addActor({ role: 'admin' });
        const accountId = await harness.addAccount(actor);
        await Promise.allSettled([
          harness.create(actor, { accountIds: [accountId], scheduledAt: inMinutes(60) }),
          disconnectAccount(harness.deps, actor, { accountId }),
        ]);
        return harness.sql(`select 1 from publications where account_id = $1 and status = 'scheduled'`, [accountId]);
      }),
    );
    expect(rounds.flat()).toEqual([]);
  });
});
