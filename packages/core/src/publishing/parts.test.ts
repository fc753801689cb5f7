import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { CommentSupport } from '@vibetribe/platforms/port/adapter';
import { expireLeases } from './dispatch/expire-leases.ts';
import { type FailpointName, noFailpoints } from './failpoints.ts';
import { movePublications } from './store/decide-and-write.ts';
import type { PublishedPart } from './state/publication-state.ts';
import { createPublishingEngine } from './publishing-engine.ts';
import { createEngineHarness, type EngineHarness } from './testing/test-engine.ts';
import { type Behaviour, withoutFiles } from './testing/test-harness.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

const texts = ['One', 'Two', 'Three'];
const addThread = async () =>
  harness.addPublication({ ...(await harness.addAccount()), text: 'One', thread: ['Two', 'Three'] });
const readParts = async (id: string) => {
  const [row] = await harness.sql<{ parts: PublishedPart[] | null }>('select parts from publications where id = $1', [
    id,
  ]);
  return (row?.parts ?? []).map(({ platformPostId }) => platformPostId);
};
/** All of them once, in order, each an answer to the one before. */
const expectWhole = async (id: string) => {
  const { accepted } = harness.platform;
  const keys = accepted.map(({ key }) => key);
  expect(accepted.map(({ text }) => text)).toEqual(texts);
  expect(accepted.map(({ answers }) => answers)).toEqual([null, keys[0], keys[1]]);
  expect(await readParts(id)).toEqual(keys);
  expect(await harness.read(id)).toMatchObject({ status: 'published', platform_post_id: keys[0], error: null });
};
/** Looks at it as often as it is due, as publishers do. */
const untilIdle = async (id: string) => {
  for (let look = 0; look < 8; look += 1) {
    const { status } = await harness.read(id);
    if (!['scheduled', 'waiting', 'retrying'].includes(status)) return;
    await harness.makeDue(id);
    await harness.engine().publish(id);
  }
};

test('a thread goes out part by part, each an answer to the one before, and tells of each', async () => {
  const id = await addThread();
  await harness.engine().publish(id);
  await expectWhole(id);
  expect(await harness.timeline(id)).toEqual([
    'claimed',
    'sent',
    'part_published',
    'sent',
    'part_published',
    'sent',
    'part_published',
    'published',
  ]);
  const sends = await harness.sql('select step, outcome from attempts where publication_id = $1 order by started_at', [
    id,
  ]);
  expect(sends).toEqual([
    { step: 'publish', outcome: 'published' },
    { step: 'part 2: publish', outcome: 'published' },
    { step: 'part 3: publish', outcome: 'published' },
  ]);
});

describe('a publisher that dies', () => {
  const places: FailpointName[] = [
    'claim:after_commit',
    'intent:after_commit',
    'send:before_request',
    'send:after_answer',
    'record:after_commit',
  ];
  const moments = places.flatMap((place) =>
    (place === 'claim:after_commit' ? [1] : [1, 2, 3]).map((time) => [place, time] as const),
  );

  test.each(moments)(
    'at %s, the %i. time: another one goes on at the right part, and nothing is out twice',
    async (place, time) => {
      const id = await addThread();
      const dead = Promise.withResolvers<void>();
      let met = 0;
      const reach = (name: FailpointName) => {
        if (name !== place) return Promise.resolve();
        met += 1;
        if (met < time) return Promise.resolve();
        dead.resolve();
        return new Promise<never>(() => undefined);
      };
      void harness.engine({}, { ...noFailpoints, reach }).publish(id);
      await dead.promise;
      await harness.endLease(id);
      await expireLeases(harness.deps, harness.settings);
      await untilIdle(id);
      await expectWhole(id);
    },
  );
});

test.each<[FailpointName, number, string[]]>([
  ['record:after_commit', 1, ['One']],
  ['send:after_answer', 2, ['One', 'Two']],
])(
  'a database that has lost its first part, at %s, takes no word of the second, and begins none',
  async (place, time, sent) => {
    const id = await addThread();
    let met = 0;
    const reach = async (name: FailpointName) => {
      if (name !== place) return;
      met += 1;
      if (met !== time) return;
      await harness.sql(`update publications set parts = null, platform_post_id = null, url = null, attempts = 0,
        committed = false, intent_at = null, in_doubt_since = null`);
      await harness.sql('delete from attempts');
    };
    await harness.engine({}, { ...noFailpoints, reach }).publish(id);
    expect(harness.platform.accepted.map(({ text }) => text)).toEqual(sent);
    expect(await readParts(id)).toEqual([]);
    expect(await harness.read(id)).toMatchObject({ status: 'publishing', platform_post_id: null, attempts: 0 });
  },
);

test.each([1, 2, 3])(
  'part %i whose answer is lost is found on the platform, and the next ones follow',
  async (part) => {
    const id = await addThread();
    const behaviours: Behaviour[] = ['accept', 'accept', 'accept'];
    behaviours[part - 1] = 'accept_then_lose_reply';
    harness.platform.behave(...behaviours, 'accept');
    await harness.engine().publish(id);
    expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'reconciling' });
    expect(await readParts(id)).toHaveLength(part - 1);
    await untilIdle(id);
    await expectWhole(id);
  },
);

test('a part that did not arrive is sent again after the platform was seen without it', async () => {
  const id = await addThread();
  harness.platform.behave('accept', 'lose_request', 'accept');
  await harness.engine().publish(id);
  await untilIdle(id);
  await expectWhole(id);
});

test('two parts with the same text are told apart by which of them is known', async () => {
  const id = await harness.addPublication({ ...(await harness.addAccount()), text: 'Same', thread: ['Same'] });
  harness.platform.lookup = 'by_text';
  harness.platform.behave('accept', 'lose_request', 'accept');
  await harness.engine().publish(id);
  await untilIdle(id);
  expect(harness.platform.accepted).toHaveLength(2);
  expect(new Set(await readParts(id)).size).toBe(2);
});

describe('a part that is refused for good', () => {
  const refusedAtTwo = async () => {
    const id = await addThread();
    harness.platform.behave('accept', 'reject', 'accept');
    await harness.engine().publish(id);
    return id;
  };

  test('leaves the earlier ones up, and says how far it came and what is missing', async () => {
    const id = await refusedAtTwo();
    const first = harness.platform.accepted[0]?.key;
    expect(await harness.read(id)).toMatchObject({
      status: 'failed',
      platform_post_id: first,
      error: { code: 'bad_text', manual: { text: 'Two' } },
    });
    expect(await readParts(id)).toEqual([first]);
    const [told] = await harness.sql<{ message: string }>(
      `select message from events where publication_id = $1 and type = 'publication.failed'`,
      [id],
    );
    expect(told?.message).toBe('Part 2 failed, what is before it is out: The platform refused the text.');
  });

  test('is where a retry goes on', async () => {
    const id = await refusedAtTwo();
    await harness.deps.db.asKeyedWorker((tx) => movePublications(tx, [id], () => ({ type: 'retry' })));
    await untilIdle(id);
    await expectWhole(id);
  });
});

test('what is partly out is neither edited nor canceled, nor skipped as late', async () => {
  const id = await addThread();
  harness.platform.behave('accept', 'rate_limit', 'accept');
  await harness.engine().publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'rate_limit' });
  for (const type of ['edit', 'cancel', 'unschedule'] as const) {
    const [moved] = await harness.deps.db.asKeyedWorker((tx) => movePublications(tx, [id], () => ({ type })));
    expect(moved?.transition).toEqual({ kind: 'refused', reason: 'under_way' });
  }
  await harness.sql(`update publications set scheduled_at = now() - interval '9 days' where id = $1`, [id]);
  await untilIdle(id);
  await expectWhole(id);
});

test('a person settles the part in doubt, and the thread goes on from there', async () => {
  const id = await addThread();
  harness.platform.behave('accept', 'accept_then_lose_reply', 'accept');
  harness.platform.lookup = 'cannot_tell';
  await harness.engine().publish(id);
  await untilIdle(id);
  expect(await harness.read(id)).toMatchObject({ status: 'unconfirmed' });
  const platformPostId = harness.platform.accepted[1]?.key ?? '';
  const resolution = { kind: 'published', platformPostId, url: null } as const;
  await harness.deps.db.asKeyedWorker((tx) =>
    movePublications(tx, [id], () => ({
      type: 'resolve',
      resolution,
      part: { index: 1, isLast: false, leaseMs: 0 },
    })),
  );
  await untilIdle(id);
  await expectWhole(id);
});

test('a publisher that lost its claim has its proof of a part taken, once', async () => {
  const id = await addThread();
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const reach = async (name: FailpointName) => {
    if (name !== 'send:after_answer') return;
    reached.resolve();
    await released.promise;
  };
  const late = harness.engine({}, { ...noFailpoints, reach }).publish(id);
  await reached.promise;
  await harness.endLease(id);
  await expireLeases(harness.deps, harness.settings);
  released.resolve();
  await late;
  expect(await readParts(id)).toHaveLength(1);
  expect(await harness.timeline(id)).toContain('late_evidence');
  await untilIdle(id);
  await expectWhole(id);
});

describe('a first comment', () => {
  test('follows the post as a part of its own, by the platform’s own way to comment', async () => {
    const id = await harness.addPublication({ ...(await harness.addAccount()), text: 'Post' });
    await harness.sql(
      `update publications set variant = '{"options": {"firstComment": "First!"}}', part_count = 2 where id = $1`,
      [id],
    );
    const commented: { text: string; below: string }[] = [];
    const { x } = harness.deps.adapters;
    const comments: CommentSupport = {
      text: { max: 100, countedAs: 'characters', count: (text) => text.length },
      async publish(run) {
        const platformPostId = await run.step({
          name: 'publish',
          effect: 'once',
          run: async () => {
            commented.push({ text: run.content.text, below: run.replyTo.root.platformPostId });
            return 'comment-1';
          },
        });
        return { kind: 'published', platformPostId, url: null };
      },
      reconcile: async () => ({ kind: 'not_seen', evidence: 'none' }),
    };
    const deps = { ...harness.deps, adapters: { ...harness.deps.adapters, x: { ...x, comments } } };
    await using engine = createPublishingEngine(deps, {
      settings: harness.settings,
      owner: 'test',
      media: withoutFiles,
      random: () => 0,
    });
    await engine.publish(id);
    const post = harness.platform.accepted[0]?.key ?? '';
    expect(commented).toEqual([{ text: 'First!', below: post }]);
    expect(await readParts(id)).toEqual([post, 'comment-1']);
    expect(await harness.read(id)).toMatchObject({ status: 'published', platform_post_id: post });
  });
});

test('a thread whose account is disconnected in between has failed, with what is out', async () => {
  const id = await addThread();
  harness.platform.behave('accept', 'rate_limit', 'accept');
  await harness.engine().publish(id);
  await harness.sql(
    `update accounts set status = 'disconnected' where id = (select account_id from publications where id = $1)`,
    [id],
  );
  await untilIdle(id);
  expect(await harness.read(id)).toMatchObject({ status: 'failed', error: { category: 'auth', code: 'stopped' } });
  expect(await readParts(id)).toHaveLength(1);
  expect(harness.platform.accepted).toHaveLength(1);
});
