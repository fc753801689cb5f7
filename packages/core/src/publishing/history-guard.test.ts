import { EventEmitter } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { type ClaimMemory, createHistoryGuard, type KnownClaim } from './history-guard.ts';
import { expireLeases } from './dispatch/expire-leases.ts';
import { noFailpoints } from './failpoints.ts';
import { createPublishingEngine, type PublishingEngine } from './publishing-engine.ts';
import { withoutFiles } from './testing/test-harness.ts';
import { createEngineHarness, type EngineHarness } from './testing/test-engine.ts';

let harness: EngineHarness;
beforeAll(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());
beforeEach(() => harness.sql('delete from pauses'));

/** What a restore and a failover do to those who are connected. */
const cutConnections = () =>
  harness.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'test'`,
  );
/** Jobs come again until the publisher has let one through. */
const tried = (engine: PublishingEngine, id: string) => engine.publish(id).catch(() => undefined);
/** A restore deletes nothing. */
const lose = async (how: string, id: string | undefined) => {
  await harness.sql('alter table events disable trigger note_deleted_events');
  await harness.sql(how, [id]);
  await harness.sql('alter table events enable trigger note_deleted_events');
};
const pauses = () => harness.sql<{ reason: string }>('select reason from pauses where organization_id is null');

test('a database that lost committed claims is noticed at the following claim, and nothing goes out', async () => {
  const account = await harness.addAccount();
  const engine = harness.engine();
  const sent = await harness.addPublication({ ...account, text: 'sent' });
  await engine.publish(sent);
  expect((await harness.read(sent)).status).toBe('published');
  const before = harness.platform.accepted.length;

  await harness.sql(
    `update publications set status = 'scheduled', fence = 0, attempts = 0, published_at = null, platform_post_id = null,
       intent_at = null, committed = false, due_at = now() where id = $1`,
    [sent],
  );
  await cutConnections();
  await expect.poll(() => tried(engine, sent).then(() => pauses())).toMatchObject([{ reason: /gone back in time/ }]);
  await tried(engine, sent);
  expect(await harness.read(sent)).toMatchObject({ status: 'waiting', waiting_reason: 'paused' });
  expect(harness.platform.accepted).toHaveLength(before);
});

test('a database that lost that a send had begun is noticed by whoever began it, when no answer came', async () => {
  const id = await harness.addPublication(await harness.addAccount());
  const before = harness.platform.accepted.length;
  harness.platform.behave('accept_then_lose_reply', 'accept');
  const reach = async (name: string) => {
    if (name !== 'send:before_request') return;
    await harness.sql('delete from attempts where publication_id = $1', [id]);
    await harness.sql('update publications set intent_at = null, in_doubt_since = null, attempts = 0 where id = $1', [
      id,
    ]);
    await lose(`delete from events where publication_id = $1 and type = 'publication.sent'`, id);
  };
  await expect(harness.engine({}, { ...noFailpoints, reach }).publish(id)).rejects.toMatchObject({
    code: 'history_lost',
  });
  expect(await pauses()).toMatchObject([{ reason: /gone back in time/ }]);
  await harness.endLease(id);
  await expireLeases(harness.deps, harness.settings);
  await harness.engine().publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'paused' });
  expect(harness.platform.accepted).toHaveLength(before + 1);
});

test('a connection that is made during a look at the claims brings another look', async () => {
  const account = await harness.addAccount();
  const id = await harness.addPublication(account);
  await harness.engine().publish(id);
  const [known] = await harness.sql<KnownClaim>(
    `select id as "publicationId", organization_id as "organizationId", post_id as "postId", fence::float8 from publications where id = $1`,
    [id],
  );
  const { pool } = harness.deps.db;
  using guard = createHistoryGuard(harness.deps);
  guard.remember(known === undefined ? [] : [known]);
  const look = (during: () => unknown) =>
    harness.deps.db.asWorker(async (tx) => {
      const looking = guard.check(tx);
      // The statements are on their way, and their answers are not.
      await Promise.resolve().then(during);
      await looking;
    });
  pool.emit('connect', new EventEmitter());
  await look(() => pool.emit('connect', new EventEmitter()));
  await harness.sql('update publications set fence = 0 where id = $1', [id]);
  await expect(look(() => undefined)).rejects.toMatchObject({ code: 'history_lost' });
});

describe('what earlier publishers remember', () => {
  async function startAfterLoss() {
    const account = await harness.addAccount();
    const id = await harness.addPublication(account);
    const [row] = await harness.sql<{ post_id: string }>('select post_id from publications where id = $1', [id]);
    const answer = Promise.withResolvers<KnownClaim[]>();
    const memory = { ...memoryOf([]), read: () => answer.promise };
    const guard = createHistoryGuard(harness.deps, memory);
    return {
      guard,
      check: () => harness.deps.db.asWorker((tx) => guard.check(tx)),
      answer: () => answer.resolve([{ publicationId: id, ...account, postId: row?.post_id ?? '', fence: 1 }]),
    };
  }

  test('is waited for by every claim, and each looks for itself', async () => {
    const { guard, check, answer } = await startAfterLoss();
    using _ended = guard;
    const first = check();
    const second = harness.deps.db.asWorker((tx) => {
      const looking = guard.check(tx);
      answer();
      return looking;
    });
    for (const outcome of await Promise.allSettled([first, second]))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'history_lost' } });
  });

  test('counts as soon as it is known, where its store was away at the start', async () => {
    const { guard, check, answer } = await startAfterLoss();
    using _ended = guard;
    await check();
    answer();
    await expect(check()).rejects.toMatchObject({ code: 'history_lost' });
  });
});

test('a post that is gone with its publication is noticed too', async () => {
  const account = await harness.addAccount();
  const engine = harness.engine();
  const [lost, other] = [await harness.addPublication(account), await harness.addPublication(account)];
  await engine.publish(lost);
  const before = harness.platform.accepted.length;
  for (const table of ['events', 'attempts', 'publication_steps', 'publications'])
    await harness.sql(`delete from ${table} where ${table === 'publications' ? 'id' : 'publication_id'} = $1`, [lost]);
  await harness.sql('delete from posts p where not exists (select 1 from publications where post_id = p.id)');
  await cutConnections();
  await expect.poll(() => tried(engine, other).then(() => pauses())).toHaveLength(1);
  expect(harness.platform.accepted).toHaveLength(before);
});

test('new connections to a database that lost nothing pause nothing, nor does an account that is taken out of a post', async () => {
  const account = await harness.addAccount();
  const engine = harness.engine();
  const [first, taken, following] = [
    await harness.addPublication(account),
    await harness.addPublication(account),
    await harness.addPublication(account),
  ];
  await engine.publish(first);
  await engine.publish(taken);
  for (const table of ['attempts', 'publication_steps'])
    await harness.sql(`delete from ${table} where publication_id = $1`, [taken]);
  await harness.sql('delete from publications where id = $1', [taken]);
  await cutConnections();
  await expect
    .poll(() => tried(engine, following).then(async () => (await harness.read(following)).status))
    .toBe('published');
  expect(await pauses()).toEqual([]);
});

test.each([
  { lost: 'is gone', how: 'delete from events where id = $1' },
  { lost: 'is another one under its id', how: `update events set at = at + interval '1 microsecond' where id = $1` },
])('a publisher that claims nothing misses what others have written: an event that $lost', async ({ how }) => {
  const account = await harness.addAccount();
  const [idle, busy] = [harness.engine(), harness.engine()];
  await idle.checkHistory();
  await busy.publish(await harness.addPublication(account));
  await idle.checkHistory();
  const [newest] = await harness.sql<{ id: string }>('select max(id) as id from events');
  await lose(how, newest?.id);
  await expect(idle.checkHistory()).rejects.toMatchObject({ code: 'history_lost' });
  expect(await pauses()).toMatchObject([{ reason: /gone back in time/ }]);
  await idle.checkHistory();
});

test('a second loss while the service is paused for the first is one more pause, whoever notices first and how often', async () => {
  const account = await harness.addAccount();
  const publishers = [harness.engine(), harness.engine()];
  const look = () => Promise.all(publishers.map((engine) => engine.checkHistory()));
  const loseNewest = async () => {
    await harness.addPublication(account).then((id) => harness.engine().publish(id));
    await look();
    const [newest] = await harness.sql<{ id: string }>('select max(id) as id from events');
    await lose('delete from events where id = $1', newest?.id);
    for (const engine of publishers) {
      const looks = await Promise.allSettled([engine.checkHistory(), engine.checkHistory()]);
      expect(looks.map(({ status }) => status)).toContain('rejected');
    }
    await look();
  };
  await loseNewest();
  expect(await pauses()).toHaveLength(1);
  await loseNewest();
  expect(await pauses()).toHaveLength(2);
});

test.each([
  { deletion: 'events that the clean-up deletes', statement: 'delete from events' },
  { deletion: 'an organization with its events', statement: 'delete from organizations' },
])('$deletion are no loss', async ({ statement }) => {
  const account = await harness.addAccount();
  const engine = harness.engine();
  await engine.publish(await harness.addPublication(account));
  await engine.checkHistory();
  await harness.sql(statement);
  await engine.checkHistory();
  expect(await pauses()).toEqual([]);
});

test('after the pause is lifted the process starts from what the database holds now', async () => {
  const account = await harness.addAccount();
  const engine = harness.engine();
  const sent = await harness.addPublication(account);
  await engine.publish(sent);
  await harness.sql('update publications set fence = 0 where id = $1', [sent]);
  await cutConnections();
  const waiting = await harness.addPublication(account);
  await expect.poll(() => tried(engine, waiting).then(() => pauses())).toHaveLength(1);
  await harness.sql('update pauses set lifted_at = now()');
  await cutConnections();
  const following = await harness.addPublication(account);
  await expect
    .poll(() => tried(engine, following).then(async () => (await harness.read(following)).status))
    .toBe('published');
});

/** What outlasts the processes, as Redis does. */
function memoryOf(claims: KnownClaim[]): ClaimMemory {
  return {
    read: () => Promise.resolve([...claims]),
    add: (some) => void claims.push(...some),
    clear: () => Promise.resolve(void claims.splice(0)),
  };
}

test.each([
  { remembers: true, end: 'the service is paused, and nothing goes out again' },
  { remembers: false, end: 'it goes out again' },
])(
  'a publisher that is started after a restore, with a memory outside the database: $remembers; $end',
  async (given) => {
    const account = await harness.addAccount();
    const claims: KnownClaim[] = [];
    const start = () => {
      const memory = given.remembers ? memoryOf(claims) : null;
      const options = { settings: harness.settings, owner: 'test', media: withoutFiles, random: () => 0, memory };
      return createPublishingEngine(harness.deps, options);
    };
    const id = await harness.addPublication({ ...account, text: `sent ${given.remembers}` });
    await using first = start();
    await first.publish(id);
    const before = harness.platform.accepted.length;
    await harness.sql(
      `update publications set status = 'scheduled', fence = 0, attempts = 0, published_at = null, platform_post_id = null,
       committed = false, due_at = now() where id = $1`,
      [id],
    );
    await harness.sql('delete from publication_steps where publication_id = $1', [id]);
    await using restarted = start();
    await tried(restarted, id);
    await tried(restarted, id);
    expect(await pauses()).toHaveLength(given.remembers ? 1 : 0);
    expect(harness.platform.accepted).toHaveLength(before + (given.remembers ? 0 : 1));
    if (!given.remembers) return;

    // A person has compared and lifts it: the database as it is now is what counts.
    await harness.sql('update pauses set lifted_at = now()');
    await using lifted = start();
    const following = await harness.addPublication(account);
    await expect
      .poll(() => tried(lifted, following).then(async () => (await harness.read(following)).status))
      .toBe('published');
  },
);
