import { addBreaker, addPause } from '@vibetribe/db/testing/test-rows';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { movePublications } from './store/decide-and-write.ts';
import { createEngineHarness, type EngineHarness } from './testing/test-engine.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

describe('waiting', () => {
  test("for the platform's own limit lasts as long as the platform said and uses no retry", async () => {
    const id = await harness.addPublication(await harness.addAccount());
    harness.platform.behave('rate_limit');
    await harness.engine().publish(id);
    const row = await harness.read(id);
    expect(row).toMatchObject({ status: 'waiting', waiting_reason: 'rate_limit', retries_used: 0 });
    expect(row.due_in_ms).toBeGreaterThan(85_000);
  });

  test('for our own limit: two publishers at once never take more places than there are', async () => {
    await using limited = await createEngineHarness(inject('postgresUrl'), { postsPerHour: 5 });
    const account = await limited.addAccount();
    const ids = await Promise.all(
      Array.from({ length: 12 }, (_, index) => limited.addPublication({ ...account, text: `Post ${index}` })),
    );
    const publishers = [limited.engine(), limited.engine()];
    await Promise.all(ids.flatMap((id) => publishers.map((publisher) => publisher.publish(id))));
    const readWaiting = () =>
      limited.sql<{ wait: number }>(
        `select extract(epoch from due_at - now())::float8 as wait from publications where waiting_reason = 'rate_limit' order by due_at`,
      );
    // Whoever was held takes its turn later, outside of its job.
    await expect.poll(async () => (await readWaiting()).length, { timeout: 20_000 }).toBe(7);
    const waiting = await readWaiting();
    expect(limited.platform.accepted).toHaveLength(5);
    expect(new Set(waiting.map(({ wait }) => Math.round(wait / 60))).size).toBe(7);
  });

  test('an emergency stop holds everything back, and lifting it lets it out', async () => {
    const account = await harness.addAccount();
    const id = await harness.addPublication(account);
    await addPause(harness.sql, { organizationId: account.organizationId });
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'paused', due_in_ms: null });
    await harness.sql('update pauses set lifted_at = now()');
    await harness.deps.db.asWorker((tx) => movePublications(tx, [id], () => ({ type: 'resume', reasons: ['paused'] })));
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'published' });
  });

  test('an emergency stop that comes between claim and send still holds it back', async () => {
    const account = await harness.addAccount();
    const id = await harness.addPublication(account);
    const stopAfterClaim = async (name: string) => {
      if (name !== 'claim:after_commit') return;
      await addPause(harness.sql, account);
    };
    const publisher = harness.engine({}, { reach: stopAfterClaim, has: () => true });
    await publisher.publish(id);
    expect(harness.platform.accepted).toHaveLength(0);
    expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'paused', attempts: 0 });
  });

  test('an open breaker lets one probe through when its time is over, the others wait for what it finds', async () => {
    const account = await harness.addAccount();
    const ids = await Promise.all(
      [1, 2, 3].map((index) => harness.addPublication({ ...account, text: `Post ${index}` })),
    );
    const retryAt = new Date(Date.now() + 3_600_000);
    await addBreaker(harness.sql, { platform: 'x', state: 'open', failures: 5, retryAt });
    await Promise.all(ids.map((id) => harness.engine().publish(id)));
    expect(harness.platform.accepted).toHaveLength(0);
    await harness.sql(`update breakers set retry_at = now() - interval '1 s'`);
    await Promise.all(ids.map((id) => harness.makeDue(id)));
    await Promise.all(ids.map((id) => harness.engine().publish(id)));
    expect(harness.platform.accepted).toHaveLength(1);
  });

  test('a post that missed its time follows its own policy', async () => {
    const account = await harness.addAccount();
    const late = { ...account, dueInMs: -7_200_000 };
    const [lateId, skippedId, askedId, tooLateId] = await Promise.all([
      harness.addPublication({ ...late, text: 'late' }),
      harness.addPublication({ ...late, misfire: { policy: 'skip' } }),
      harness.addPublication({ ...late, misfire: { policy: 'ask' } }),
      harness.addPublication({ ...late, misfire: { policy: 'late', maxLateSeconds: 3_600 } }),
    ]);
    const publisher = harness.engine();
    await Promise.all([lateId, skippedId, askedId, tooLateId].map((id) => publisher.publish(id)));
    const statuses = await Promise.all(
      [lateId, skippedId, askedId, tooLateId].map(async (id) => (await harness.read(id)).status),
    );
    expect(statuses).toEqual(['published', 'skipped', 'waiting', 'waiting']);
    expect(harness.platform.accepted.map((entry) => entry.text)).toEqual(['late']);
  });
});

describe('a post that its policy ends', () => {
  test('is told of, and how late it was', async () => {
    const account = await harness.addAccount();
    const late = { ...account, dueInMs: -66_000, misfire: { policy: 'skip' } } as const;
    const [kept, ended] = [
      await harness.addPublication({ ...late, misfire: { policy: 'skip', maxLateSeconds: 3_600 } }),
      await harness.addPublication(late),
    ];
    const publisher = harness.engine();
    await publisher.publish(kept);
    await publisher.publish(ended);
    expect((await harness.read(kept)).status).toBe('published');
    expect((await harness.read(ended)).status).toBe('skipped');
    const told = await harness.sql('select kind, body from notifications');
    expect(told).toEqual([{ kind: 'publication_skipped', body: expect.stringMatching(/\d seconds late/u) }]);
  });

  test('is ended by a bound that its author has set, whatever held it back', async () => {
    const account = await harness.addAccount();
    const id = await harness.addPublication({ ...account, misfire: { policy: 'skip', maxLateSeconds: 600 } });
    harness.platform.behave('rate_limit');
    await harness.engine().publish(id);
    await harness.sql(`update publications set scheduled_at = now() - interval '11 minutes'`);
    await harness.sql(`update accounts set posts_closed_until = null`);
    await harness.makeDue(id);
    await harness.engine().publish(id);
    expect((await harness.read(id)).status).toBe('skipped');
  });
});

describe('what is late because the service is busy', () => {
  test('goes out as fast as it can; what was left alone while nobody claimed anything goes out one by one', async () => {
    const account = await harness.addAccount();
    const publish = async (text: string) => {
      const ids = await Promise.all(
        [1, 2, 3].map((post) => harness.addPublication({ ...account, dueInMs: -90_000, text: `${text} ${post}` })),
      );
      const publisher = harness.engine();
      await Promise.all(ids.map((id) => publisher.publish(id)));
      const rows = await Promise.all(ids.map((id) => harness.read(id)));
      return rows.map(({ status, waiting_reason: reason }) => reason ?? status).toSorted();
    };
    // Publishers have been at work all the time.
    await harness.sql(
      `insert into publisher_presence (seen_at, back_at) values (now() - interval '2 s', now() - interval '1 hour')`,
    );
    expect(await publish('busy')).toEqual(['published', 'published', 'published']);
    // Nobody was there for 70 s.
    await harness.sql(`update publisher_presence set seen_at = now() - interval '70 s'`);
    await harness.sql(`update attempts set started_at = now() - interval '1 hour'`);
    expect(await publish('away')).toEqual(['burst_guard', 'burst_guard', 'published']);
    const [presence] = await harness.sql<{ back: boolean }>(
      `select back_at > now() - interval '10 s' and seen_at >= back_at as back from publisher_presence`,
    );
    expect(presence).toEqual({ back: true });
  });
});

test.each([
  { taken: false, status: 'failed', code: 'still_working' },
  { taken: true, status: 'unconfirmed', code: 'unconfirmed' },
])(
  'work of the platform that never ends is told after two days: $status where it has taken it: $taken',
  async (given) => {
    const account = await harness.addAccount();
    const fate = { kind: 'processing', pollAfterMs: 1_000, detail: 'The platform is working on it' } as const;
    Object.assign(harness.platform.adapter, { publish: () => Promise.resolve(fate) });
    const engine = harness.engine();
    const waitingSince = async (age: string) => {
      const id = await harness.addPublication(account);
      await harness.sql(
        `update publications set status = 'waiting', waiting_reason = 'processing', waiting_detail = 'Working.', committed = $2,
         scheduled_at = now() - $3::interval where id = $1`,
        [id, given.taken, age],
      );
      for (let look = 0; look < 5; look += 1) {
        await harness.makeDue(id);
        await engine.publish(id);
      }
      return harness.read(id);
    };
    expect(await waitingSince('47 hours')).toMatchObject({ status: 'waiting', waiting_reason: 'processing' });
    const { error, ...row } = await waitingSince('49 hours');
    expect(row).toMatchObject({ status: given.status });
    expect(error).toMatchObject({
      code: given.code,
      message: expect.stringContaining('is working on it, two days after its time'),
    });
  },
);

describe('what has piled up', () => {
  test('goes out one by one for each account, and holds up nobody who is on time', async () => {
    const flooded = await harness.addAccount();
    const other = await harness.addAccount();
    const late = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        harness.addPublication({ ...flooded, dueInMs: -600_000, text: `late ${index}` }),
      ),
    );
    const punctual = await Promise.all([
      harness.addPublication({ ...other, text: 'on time' }),
      harness.addPublication({ ...flooded, text: 'on time too' }),
    ]);
    const publisher = harness.engine();
    await Promise.all([...late, ...punctual].map((id) => publisher.publish(id)));
    const rows = await Promise.all(late.map((id) => harness.read(id)));
    expect(rows.filter((row) => row.status === 'published').length).toBeLessThanOrEqual(1);
    const waits = rows.flatMap((row) => (row.due_in_ms === null ? [] : [Math.round(row.due_in_ms / 2_000)]));
    expect(new Set(waits).size).toBe(waits.length);
    expect(rows.filter((row) => row.waiting_reason === 'burst_guard').length).toBeGreaterThanOrEqual(4);
    for (const id of punctual) expect((await harness.read(id)).status).toBe('published');
  });
});
