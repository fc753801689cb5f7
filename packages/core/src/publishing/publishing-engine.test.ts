import { addBreaker } from '@vibetribe/db/testing/test-rows';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { expireLeases } from './dispatch/expire-leases.ts';
import { movePublications } from './store/decide-and-write.ts';
import type { FailpointName } from './failpoints.ts';
import { createGate } from './testing/create-gate.ts';
import { createEngineHarness, type EngineHarness } from './testing/test-engine.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

describe('a send that goes well', () => {
  test('appears once, with its whole story told', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'published', attempts: 1, due_in_ms: null, error: null });
    expect(harness.platform.accepted).toHaveLength(1);
    expect(await harness.timeline(id)).toEqual(['claimed', 'sent', 'published']);
  });

  test('appears once although many publishers get many jobs for it', async () => {
    const account = await harness.addAccount();
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, index) => harness.addPublication({ ...account, text: `Post ${index}` })),
    );
    const publishers = [harness.engine(), harness.engine(), harness.engine()];
    const openIds = async () =>
      (await harness.sql<{ id: string }>(`select id from publications where status <> 'published'`)).map(
        ({ id }) => id,
      );
    // A job ends after its turn, and what it has not come to gets others.
    for (let open = ids; open.length > 0; open = await openIds())
      await Promise.all(publishers.flatMap((publisher) => [...open, ...open].map((id) => publisher.publish(id))));
    expect(harness.platform.accepted.map((entry) => entry.text).sort()).toEqual(
      ids.map((_, index) => `Post ${index}`).sort(),
    );
  });

  test('does not go out before its time by the database clock, and then goes out although its only job came early', async () => {
    const id = await harness.addPublication({ ...(await harness.addAccount()), dueInMs: 400 });
    await harness.engine().publish(id);
    expect(harness.platform.accepted).toHaveLength(0);
    await expect.poll(async () => (await harness.read(id)).status, { timeout: 5_000 }).toBe('published');
  });
});

describe('a publisher that dies', () => {
  test('before its intent: another one sends, and nobody has to be asked', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    await harness.sql(
      `update publications set status = 'publishing', fence = 1, lease_until = now() - interval '1 s' where id = $1`,
      [id],
    );
    expect(await expireLeases(harness.deps, harness.settings)).toBe(1);
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'published', attempts: 1 });
    expect(harness.platform.accepted).toHaveLength(1);
  });

  test('after the platform took it: it is found there and never sent again', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('accept_and_hang');
    void harness.engine().publish(id);
    await expect.poll(() => harness.platform.accepted.length, { timeout: 5_000 }).toBe(1);
    await harness.endLease(id);
    await expireLeases(harness.deps, harness.settings);
    expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'reconciling' });
    await harness.makeDue(id);
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'published', attempts: 1 });
    expect(harness.platform.accepted).toHaveLength(1);
  });

  test('while sending, and nothing arrived: it is sent again once the platform has been seen without it, and no retry is used', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('hang', 'accept');
    void harness.engine().publish(id);
    await expect.poll(async () => (await harness.read(id)).attempts, { timeout: 5_000 }).toBe(1);
    await harness.endLease(id);
    await expireLeases(harness.deps, harness.settings);
    for (let look = 0; look < 2; look += 1) {
      await harness.makeDue(id);
      await harness.engine().publish(id);
    }
    expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'internal' });
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'published', attempts: 2, retries_used: 0 });
    expect(harness.platform.accepted).toHaveLength(1);
  });

  test('a claim that was taken away sends nothing, and what it reports changes nothing', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    await harness.sql(
      `update publications set status = 'publishing', fence = 7, lease_until = now() + interval '1 minute' where id = $1`,
      [id],
    );
    const [moved] = await harness.deps.db.asWorker((tx) =>
      movePublications(tx, [id], () => ({ type: 'intend', fence: 6, leaseMs: 1_000 })),
    );
    expect(moved?.transition).toEqual({ kind: 'refused', reason: 'superseded' });
    expect(await harness.read(id)).toMatchObject({ status: 'publishing', attempts: 0 });
  });
});

describe('two runs of one publication in one process, the first of which has lost its claim', () => {
  /** Both are let go on at once, from the places named. */
  const runTwice = async (id: string, places: readonly FailpointName[]) => {
    const gate = createGate(places);
    const engine = harness.engine({}, gate.failpoints);
    const runs = [engine.publish(id)];
    await gate.reachedBy(1);
    await harness.endLease(id);
    expect(await expireLeases(harness.deps, harness.settings)).toBe(1);
    await harness.makeDue(id);
    runs.push(engine.publish(id));
    await gate.reachedBy(2);
    gate.open();
    await Promise.all(runs);
  };

  test('send once where both come to their send in the same moment', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    await runTwice(id, ['claim:after_commit']);
    expect(harness.platform.accepted).toHaveLength(1);
    expect(await harness.read(id)).toMatchObject({ status: 'published', attempts: 1 });
  });

  test('end as the one with the claim reports, although the other reports in the same moment', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('lose_request');
    harness.platform.lookup = 'cannot_tell';
    await runTwice(id, ['send:before_request', 'reconcile:after_ask']);
    expect(await harness.read(id)).toMatchObject({ status: 'unconfirmed' });
  });
});

describe('an outcome that nobody knows', () => {
  test('is never sent again blindly: a lost reply ends as published, once', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('accept_then_lose_reply', 'accept');
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'reconciling' });
    await harness.makeDue(id);
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'published' });
    expect(harness.platform.accepted).toHaveLength(1);
    expect(await harness.timeline(id)).toEqual([
      'claimed',
      'sent',
      'outcome_unknown',
      'claimed',
      'reconciled',
      'published',
    ]);
  });

  test('waits out the quiet period before the platform is asked', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('accept_then_lose_reply');
    await harness.engine({ reconcileQuietMs: 45_000 }).publish(id);
    const { due_in_ms: dueInMs } = await harness.read(id);
    expect(dueInMs).toBeGreaterThan(40_000);
    await harness.engine({ reconcileQuietMs: 45_000 }).publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'reconciling' });
  });

  test('is asked again later, using no attempt, while the platform does not answer', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('accept_then_lose_reply');
    harness.platform.lookup = 'unreachable';
    await harness.engine().publish(id);
    for (let look = 0; look < 4; look += 1) {
      await harness.makeDue(id);
      await harness.engine().publish(id);
    }
    expect(await harness.read(id)).toMatchObject({
      status: 'waiting',
      waiting_reason: 'reconciling',
      attempts: 1,
      retries_used: 0,
    });
  });

  test('goes to a person where the platform has refused to tell for a day, and not before', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('accept_then_lose_reply');
    harness.platform.lookup = 'refused';
    await harness.engine().publish(id);
    await harness.makeDue(id);
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'reconciling' });
    await harness.sql(`update publications set intent_at = now() - interval '25 hours'`);
    await harness.makeDue(id);
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'unconfirmed', due_in_ms: null });
  });

  test('goes to a person where the platform cannot tell, and the person settles it', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('accept_then_lose_reply');
    harness.platform.lookup = 'cannot_tell';
    await harness.engine().publish(id);
    await harness.makeDue(id);
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'unconfirmed', due_in_ms: null });
    const [note] = await harness.sql<{ kind: string }>('select kind from notifications');
    expect(note?.kind).toBe('publication_unconfirmed');
    await harness.deps.db.asWorker((tx) =>
      movePublications(tx, [id], () => ({
        type: 'resolve',
        resolution: { kind: 'published', platformPostId: 'seen', url: null },
      })),
    );
    expect(await harness.read(id)).toMatchObject({ status: 'published', platform_post_id: 'seen' });
    expect(harness.platform.accepted).toHaveLength(1);
  });
});

describe('a fault that may pass', () => {
  test('is retried after 1, 5 and 15 minutes, then fails with the means to post by hand', async () => {
    const id = await harness.addPublication({ ...(await harness.addAccount()), text: 'By hand' });
    harness.platform.behave('refuse_connection');
    const waits: number[] = [];
    for (let send = 0; send < 4; send += 1) {
      await harness.engine().publish(id);
      const row = await harness.read(id);
      if (row.due_in_ms !== null) waits.push(Math.round(row.due_in_ms / 60_000));
      await harness.makeDue(id);
    }
    expect(waits).toEqual([1, 5, 15]);
    const row = await harness.read(id);
    expect(row).toMatchObject({
      status: 'failed',
      attempts: 4,
      error: { category: 'network', manual: { text: 'By hand' } },
    });
    expect(row.error?.manual?.composeUrl).toContain('By%20hand');
  });

  test('does not fail while the platform as a whole is down', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('refuse_connection');
    await addBreaker(harness.sql, { platform: 'x', lastFailureAt: new Date(Date.now() + 3_600_000) });
    for (let send = 0; send < 6; send += 1) {
      await harness.engine().publish(id);
      await harness.makeDue(id);
    }
    expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'breaker' });
    harness.platform.behave('accept');
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'published' });
  });

  test('a refusal of the content ends at once', async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('reject');
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { category: 'content', code: 'bad_text' },
    });
  });
});
