import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { armPublications } from './arm-publications.ts';
import { armSettings } from './dispatch.ts';
import { expireLeases } from './expire-leases.ts';
import { movePublications } from './move-publications.ts';
import { createPublishingEngine, type PublishingEngine } from './publishing-engine.ts';
import type { PublishSettings } from './publish-settings.ts';
import { createTestWorld, type TestWorld, withoutFiles } from './test-world.ts';

interface Row {
  status: string;
  attempts: number;
  retries_used: number;
  waiting_reason: string | null;
  due_in_ms: number | null;
  platform_post_id: string | null;
  error: { category: string; code: string; manual: { text: string; composeUrl: string | null } | null } | null;
}

let world: TestWorld;
let engines: PublishingEngine[];

beforeEach(async () => {
  engines = [];
  world = await createTestWorld(inject('postgresUrl'));
});

afterEach(async () => {
  for (const engine of engines) await engine[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

function engine(settings: Partial<PublishSettings> = {}): PublishingEngine {
  const made = createPublishingEngine(world.deps, {
    settings: { ...world.settings, ...settings },
    owner: 'test',
    media: withoutFiles,
    random: () => 0,
    uniqueNumber: () => randomInt(2 ** 47),
  });
  engines.push(made);
  return made;
}

async function read(id: string): Promise<Row> {
  const [row] = await world.sql<Row>(
    `select status, attempts, retries_used, waiting_reason, platform_post_id, error,
       extract(epoch from due_at - clock_timestamp())::float8 * 1000 as due_in_ms from publications where id = $1`,
    [id],
  );
  if (row === undefined) throw new Error('no such publication');
  return row;
}

async function timeline(id: string): Promise<string[]> {
  const rows = await world.sql<{ type: string }>('select type from events where publication_id = $1 order by id', [id]);
  return rows.map((row) => row.type.replace('publication.', ''));
}

const makeDue = (id: string) => world.sql('update publications set due_at = now() - interval \'1 ms\' where id = $1', [id]);

/** What the death of a publisher looks like to the others. */
const endLease = (id: string) => world.sql('update publications set lease_until = now() - interval \'1 ms\' where id = $1', [id]);

describe('a send that goes well', () => {
  test('appears once, with its whole story told', async () => {
    const id = await world.addPublication(await world.addAccount());
    await engine().publish(id);
    expect(await read(id)).toMatchObject({ status: 'published', attempts: 1, due_in_ms: null, error: null });
    expect(world.platform.ledger).toHaveLength(1);
    expect(await timeline(id)).toEqual(['claimed', 'sent', 'published']);
  });

  test('appears once although many publishers get many jobs for it', async () => {
    const account = await world.addAccount();
    const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => world.addPublication({ ...account, text: `Post ${index}` })));
    const publishers = [engine(), engine(), engine()];
    await Promise.all(publishers.flatMap((publisher) => [...ids, ...ids].map((id) => publisher.publish(id))));
    expect(world.platform.ledger.map((entry) => entry.text).sort()).toEqual(ids.map((_, index) => `Post ${index}`).sort());
  });

  test('does not go out before its time by the database clock, and then goes out although its only job rang early', async () => {
    const id = await world.addPublication({ ...(await world.addAccount()), dueInMs: 400 });
    await engine().publish(id);
    expect(world.platform.ledger).toHaveLength(0);
    await expect.poll(async () => (await read(id)).status, { timeout: 5_000 }).toBe('published');
  });
});

describe('a publisher that dies', () => {
  test('before its intent: another one sends, and nobody has to be asked', async () => {
    const id = await world.addPublication(await world.addAccount());
    await world.sql(`update publications set status = 'publishing', fence = 1, lease_until = now() - interval '1 s' where id = $1`, [id]);
    expect(await expireLeases(world.deps, world.settings)).toBe(1);
    await engine().publish(id);
    expect(await read(id)).toMatchObject({ status: 'published', attempts: 1 });
    expect(world.platform.ledger).toHaveLength(1);
  });

  test('after the platform took it: it is found there and never sent again', async () => {
    const id = await world.addPublication(await world.addAccount());
    world.platform.behave('accept_and_hang');
    void engine().publish(id);
    await expect.poll(() => world.platform.ledger.length, { timeout: 5_000 }).toBe(1);
    await endLease(id);
    await expireLeases(world.deps, world.settings);
    expect(await read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'reconciling' });
    await makeDue(id);
    await engine().publish(id);
    expect(await read(id)).toMatchObject({ status: 'published', attempts: 1 });
    expect(world.platform.ledger).toHaveLength(1);
  });

  test('while sending, and nothing arrived: it is sent again once the platform has been seen without it', async () => {
    const id = await world.addPublication(await world.addAccount());
    world.platform.behave('hang', 'accept');
    void engine().publish(id);
    await expect.poll(async () => (await read(id)).attempts, { timeout: 5_000 }).toBe(1);
    await endLease(id);
    await expireLeases(world.deps, world.settings);
    for (let look = 0; look < 2; look += 1) {
      await makeDue(id);
      await engine().publish(id);
    }
    expect(await read(id)).toMatchObject({ status: 'retrying' });
    await makeDue(id);
    await engine().publish(id);
    expect(await read(id)).toMatchObject({ status: 'published', attempts: 2 });
    expect(world.platform.ledger).toHaveLength(1);
  });

  test('a claim that was taken away sends nothing, and what it reports changes nothing', async () => {
    const id = await world.addPublication(await world.addAccount());
    await world.sql(`update publications set status = 'publishing', fence = 7, lease_until = now() + interval '1 minute' where id = $1`, [id]);
    const [moved] = await world.deps.db.asWorker((tx) => movePublications(tx, [id], () => ({ type: 'intend', fence: 6, leaseMs: 1_000 })));
    expect(moved?.step).toEqual({ kind: 'refused', reason: 'superseded' });
    expect(await read(id)).toMatchObject({ status: 'publishing', attempts: 0 });
  });
});

describe('an outcome that nobody knows', () => {
  test('is never sent again blindly: a lost reply ends as published, once', async () => {
    const id = await world.addPublication(await world.addAccount());
    world.platform.behave('accept_then_lose_reply', 'accept');
    await engine().publish(id);
    expect(await read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'reconciling' });
    await makeDue(id);
    await engine().publish(id);
    expect(await read(id)).toMatchObject({ status: 'published' });
    expect(world.platform.ledger).toHaveLength(1);
    expect(await timeline(id)).toEqual(['claimed', 'sent', 'outcome_unknown', 'claimed', 'reconciled', 'published']);
  });

  test('waits out the quiet period before the platform is asked', async () => {
    const id = await world.addPublication(await world.addAccount());
    world.platform.behave('accept_then_lose_reply');
    await engine({ reconcileQuietMs: 45_000 }).publish(id);
    const { due_in_ms: dueInMs } = await read(id);
    expect(dueInMs).toBeGreaterThan(40_000);
    await engine({ reconcileQuietMs: 45_000 }).publish(id);
    expect(await read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'reconciling' });
  });

  test('is asked again later, using no attempt, while the platform does not answer', async () => {
    const id = await world.addPublication(await world.addAccount());
    world.platform.behave('accept_then_lose_reply');
    world.platform.lookup = 'unreachable';
    await engine().publish(id);
    for (let look = 0; look < 4; look += 1) {
      await makeDue(id);
      await engine().publish(id);
    }
    expect(await read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'reconciling', attempts: 1, retries_used: 0 });
  });

  test('goes to a person where the platform cannot tell, and the person settles it', async () => {
    const id = await world.addPublication(await world.addAccount());
    world.platform.behave('accept_then_lose_reply');
    world.platform.lookup = 'cannot_tell';
    await engine().publish(id);
    await makeDue(id);
    await engine().publish(id);
    expect(await read(id)).toMatchObject({ status: 'unconfirmed', due_in_ms: null });
    const [note] = await world.sql<{ kind: string }>('select kind from notifications');
    expect(note?.kind).toBe('publication_unconfirmed');
    await world.deps.db.asWorker((tx) =>
      movePublications(tx, [id], () => ({ type: 'resolve', resolution: { kind: 'published', platformPostId: 'seen', url: null } })),
    );
    expect(await read(id)).toMatchObject({ status: 'published', platform_post_id: 'seen' });
    expect(world.platform.ledger).toHaveLength(1);
  });
});

describe('a fault that may pass', () => {
  test('is retried after 1, 5 and 15 minutes, then fails with the means to post by hand', async () => {
    const id = await world.addPublication({ ...(await world.addAccount()), text: 'By hand' });
    world.platform.behave('refuse_connection');
    const waits: number[] = [];
    for (let send = 0; send < 4; send += 1) {
      await engine().publish(id);
      const row = await read(id);
      if (row.due_in_ms !== null) waits.push(Math.round(row.due_in_ms / 60_000));
      await makeDue(id);
    }
    expect(waits).toEqual([1, 5, 15]);
    const row = await read(id);
    expect(row).toMatchObject({ status: 'failed', attempts: 4, error: { category: 'network', manual: { text: 'By hand' } } });
    expect(row.error?.manual?.composeUrl).toContain('By%20hand');
  });

  test('does not fail while the platform as a whole is down', async () => {
    const id = await world.addPublication(await world.addAccount());
    world.platform.behave('refuse_connection');
    await world.sql(`insert into breakers (key, platform, last_failure_at) values ('x', 'x', now() + interval '1 hour')`);
    for (let send = 0; send < 6; send += 1) {
      await engine().publish(id);
      await makeDue(id);
    }
    expect(await read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'breaker' });
    world.platform.behave('accept');
    await engine().publish(id);
    expect(await read(id)).toMatchObject({ status: 'published' });
  });

  test('a refusal of the content ends at once', async () => {
    const id = await world.addPublication(await world.addAccount());
    world.platform.behave('reject');
    await engine().publish(id);
    expect(await read(id)).toMatchObject({ status: 'failed', attempts: 1, error: { category: 'content', code: 'bad_text' } });
  });
});

describe('waiting', () => {
  test('for the platform\'s own limit lasts as long as the platform said and uses no retry', async () => {
    const id = await world.addPublication(await world.addAccount());
    world.platform.behave('rate_limit');
    await engine().publish(id);
    const row = await read(id);
    expect(row).toMatchObject({ status: 'waiting', waiting_reason: 'rate_limit', retries_used: 0 });
    expect(row.due_in_ms).toBeGreaterThan(85_000);
  });

  test('for our own limit: two publishers at once never take more places than there are', async () => {
    await using limited = await createTestWorld(inject('postgresUrl'), { postsPerHour: 5 });
    const account = await limited.addAccount();
    const ids = await Promise.all(Array.from({ length: 12 }, (_, index) => limited.addPublication({ ...account, text: `Post ${index}` })));
    const publishers = [0, 1].map(() =>
      createPublishingEngine(limited.deps, { settings: limited.settings, owner: 'test', media: withoutFiles, random: () => 0, uniqueNumber: () => randomInt(2 ** 47) }),
    );
    await Promise.all(ids.flatMap((id) => publishers.map((publisher) => publisher.publish(id))));
    expect(limited.platform.ledger).toHaveLength(5);
    const waiting = await limited.sql<{ wait: number }>(
      `select extract(epoch from due_at - now())::float8 as wait from publications where waiting_reason = 'rate_limit' order by due_at`,
    );
    expect(waiting).toHaveLength(7);
    expect(new Set(waiting.map(({ wait }) => Math.round(wait / 60))).size).toBe(7);
  });

  test('an emergency stop holds everything back, and lifting it lets it out', async () => {
    const account = await world.addAccount();
    const id = await world.addPublication(account);
    await world.sql(`insert into pauses (id, organization_id, reason) values ('pause', $1, 'crisis')`, [account.organizationId]);
    await engine().publish(id);
    expect(await read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'paused', due_in_ms: null });
    await world.sql('update pauses set lifted_at = now()');
    await world.deps.db.asWorker((tx) => movePublications(tx, [id], () => ({ type: 'resume', reasons: ['paused'] })));
    await engine().publish(id);
    expect(await read(id)).toMatchObject({ status: 'published' });
  });

  test('an emergency stop that comes between claim and send still holds it back', async () => {
    const account = await world.addAccount();
    const id = await world.addPublication(account);
    const stopAfterClaim = async (name: string) => {
      if (name !== 'claim:after_commit') return;
      await world.sql(`insert into pauses (id, organization_id, account_id, reason) values ('pause', $1, $2, 'crisis')`, [account.organizationId, account.accountId]);
    };
    const publisher = createPublishingEngine(
      { ...world.deps, probes: { failpoint: stopAfterClaim, has: () => true } },
      { settings: world.settings, owner: 'test', media: withoutFiles, random: () => 0, uniqueNumber: () => randomInt(2 ** 47) },
    );
    await publisher.publish(id);
    expect(world.platform.ledger).toHaveLength(0);
    expect(await read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'paused', attempts: 0 });
  });

  test('an open breaker lets one probe through when its time is over, the others wait for what it finds', async () => {
    const account = await world.addAccount();
    const ids = await Promise.all([1, 2, 3].map((index) => world.addPublication({ ...account, text: `Post ${index}` })));
    await world.sql(`insert into breakers (key, platform, state, failures, retry_at) values ('x', 'x', 'open', 5, now() + interval '1 hour')`);
    await Promise.all(ids.map((id) => engine().publish(id)));
    expect(world.platform.ledger).toHaveLength(0);
    await world.sql(`update breakers set retry_at = now() - interval '1 s'`);
    await Promise.all(ids.map(makeDue));
    await Promise.all(ids.map((id) => engine().publish(id)));
    expect(world.platform.ledger).toHaveLength(1);
  });

  test('a post that missed its time follows its own policy', async () => {
    const account = await world.addAccount();
    const late = { ...account, dueInMs: -7_200_000 };
    const [lateId, skippedId, askedId, tooLateId] = await Promise.all([
      world.addPublication({ ...late, text: 'late' }),
      world.addPublication({ ...late, misfire: { policy: 'skip' } }),
      world.addPublication({ ...late, misfire: { policy: 'ask' } }),
      world.addPublication({ ...late, misfire: { policy: 'late', maxLateSeconds: 3_600 } }),
    ]);
    const publisher = engine();
    await Promise.all([lateId, skippedId, askedId, tooLateId].map((id) => publisher.publish(id)));
    const statuses = await Promise.all([lateId, skippedId, askedId, tooLateId].map(async (id) => (await read(id)).status));
    expect(statuses).toEqual(['published', 'skipped', 'waiting', 'waiting']);
    expect(world.platform.ledger.map((entry) => entry.text)).toEqual(['late']);
  });
});

describe('what has piled up', () => {
  test('goes out one by one for each account, and holds up nobody who is on time', async () => {
    const flooded = await world.addAccount();
    const other = await world.addAccount();
    const late = await Promise.all(Array.from({ length: 5 }, (_, index) => world.addPublication({ ...flooded, dueInMs: -600_000, text: `late ${index}` })));
    const punctual = await Promise.all([world.addPublication({ ...other, text: 'on time' }), world.addPublication({ ...flooded, text: 'on time too' })]);
    const publisher = engine();
    await Promise.all([...late, ...punctual].map((id) => publisher.publish(id)));
    const rows = await Promise.all(late.map(read));
    expect(rows.filter((row) => row.status === 'published').length).toBeLessThanOrEqual(1);
    const waits = rows.flatMap((row) => (row.due_in_ms === null ? [] : [Math.round(row.due_in_ms / 2_000)]));
    expect(new Set(waits).size).toBe(waits.length);
    expect(rows.filter((row) => row.waiting_reason === 'burst_guard').length).toBeGreaterThanOrEqual(4);
    for (const id of punctual) expect((await read(id)).status).toBe('published');
  });
});

describe('the dispatcher', () => {
  test('arms only what is due soon, once, and again with a new generation when nobody claimed it', async () => {
    const account = await world.addAccount();
    const soon = await world.addPublication({ ...account, dueInMs: 60_000 });
    await world.addPublication({ ...account, dueInMs: 3_600_000 });
    const first = await armPublications(world.deps, armSettings);
    expect(first).toMatchObject([{ publicationId: soon, generation: 1 }]);
    expect(first[0]?.delayMs).toBeGreaterThan(55_000);
    expect(await armPublications(world.deps, armSettings)).toEqual([]);
    await world.sql(`update publications set due_at = now() - interval '20 s', armed_until = now() - interval '1 s' where id = $1`, [soon]);
    expect(await armPublications(world.deps, armSettings)).toMatchObject([{ publicationId: soon, generation: 2, delayMs: 0 }]);
  });

  test('rings again after the same time however often jobs were lost, and after twice the time where a crowd is merely slow', async () => {
    const account = await world.addAccount();
    const ids = await Promise.all(Array.from({ length: 4 }, () => world.addPublication(account)));
    const secondsOfNext = async (backlogMin: number) => {
      await world.sql(`update publications set armed_until = now() - interval '1 s' where id = any($1)`, [ids]);
      expect(await armPublications(world.deps, { ...armSettings, backlogMin })).toHaveLength(ids.length);
      const [row] = await world.sql<{ seconds: number }>(`select round(extract(epoch from max(armed_until) - now()))::int as seconds from publications`);
      return row?.seconds;
    };
    await armPublications(world.deps, armSettings);
    expect([await secondsOfNext(5), await secondsOfNext(5), await secondsOfNext(5)]).toEqual([12, 12, 12]);
    expect([await secondsOfNext(4), await secondsOfNext(4), await secondsOfNext(4)]).toEqual([24, 48, 96]);
  });

  test('serves organizations in turn: one post does not stand behind another organization\'s hundred', async () => {
    const big = await world.addAccount();
    const small = await world.addAccount();
    for (let index = 0; index < 100; index += 1) await world.addPublication(big);
    const one = await world.addPublication(small);
    const armed = await armPublications(world.deps, armSettings);
    const before = armed.filter((job) => job.priority < (armed.find((other) => other.publicationId === one)?.priority ?? 0));
    expect(before).toHaveLength(0);
  });

  test('two dispatchers at once never arm the same publication', async () => {
    const account = await world.addAccount();
    for (let index = 0; index < 50; index += 1) await world.addPublication(account);
    const armed = (await Promise.all([1, 2, 3].map(() => armPublications(world.deps, { ...armSettings, batchMax: 20 })))).flat();
    expect(new Set(armed.map((job) => job.publicationId)).size).toBe(armed.length);
  });
});
