import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { PublicationInput } from '../state/publication-input.ts';
import { movePublications } from '../store/decide-and-write.ts';
import { enqueueDue } from './enqueue-due.ts';
import { enqueueSettings } from './dispatch.ts';
import { createEngineHarness, type EngineHarness } from '../testing/test-engine.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

test('enqueues only what is due soon, once, and again with a new generation when nobody claimed it', async () => {
  const account = await harness.addAccount();
  const soon = await harness.addPublication({ ...account, dueInMs: 60_000 });
  await harness.addPublication({ ...account, dueInMs: 3_600_000 });
  const first = await enqueueDue(harness.deps, enqueueSettings);
  expect(first).toMatchObject([{ publicationId: soon, generation: 1 }]);
  expect(first[0]?.delayMs).toBeGreaterThan(55_000);
  expect(await enqueueDue(harness.deps, enqueueSettings)).toEqual([]);
  await harness.sql(
    `update publications set due_at = now() - interval '20 s', enqueued_until = now() - interval '1 s' where id = $1`,
    [soon],
  );
  expect(await enqueueDue(harness.deps, enqueueSettings)).toMatchObject([
    { publicationId: soon, generation: 2, delayMs: 0 },
  ]);
});

test('enqueues again after the same time however often jobs were lost, and after twice the time where a crowd is merely slow', async () => {
  const account = await harness.addAccount();
  const ids = await Promise.all(
    Array.from({ length: 4 }, (_, index) => harness.addPublication({ ...account, dueInMs: -1_000 * index })),
  );
  const secondsOfNext = async (backlogMin: number) => {
    await harness.sql(`update publications set enqueued_until = now() - interval '1 s' where id = any($1)`, [ids]);
    expect(await enqueueDue(harness.deps, { ...enqueueSettings, backlogMin })).toHaveLength(ids.length);
    const [row] = await harness.sql<{ seconds: number }>(
      `select round(extract(epoch from max(enqueued_until) - now()))::int as seconds from publications`,
    );
    return row?.seconds;
  };
  await enqueueDue(harness.deps, enqueueSettings);
  expect([await secondsOfNext(5), await secondsOfNext(5), await secondsOfNext(5)]).toEqual([12, 12, 12]);
  expect([await secondsOfNext(4), await secondsOfNext(4), await secondsOfNext(4)]).toEqual([24, 48, 96]);
});

test("serves organizations in turn: one post does not stand behind another organization's hundred", async () => {
  const big = await harness.addAccount();
  const small = await harness.addAccount();
  for (let index = 0; index < 100; index += 1) await harness.addPublication(big);
  const one = await harness.addPublication(small);
  const due = await enqueueDue(harness.deps, enqueueSettings);
  const before = due.filter((job) => job.priority < (due.find((other) => other.publicationId === one)?.priority ?? 0));
  expect(before).toHaveLength(0);
});

test('two dispatchers at once never enqueue the same publication', async () => {
  const account = await harness.addAccount();
  for (let index = 0; index < 50; index += 1) await harness.addPublication(account);
  const due = (
    await Promise.all([1, 2, 3].map(() => enqueueDue(harness.deps, { ...enqueueSettings, batchMax: 20 })))
  ).flat();
  expect(new Set(due.map((job) => job.publicationId)).size).toBe(due.length);
});

describe('posts of one account that are due at the same moment', () => {
  async function addThree() {
    const account = await harness.addAccount();
    const ids: string[] = [];
    for (let index = 0; index < 3; index += 1) ids.push(await harness.addPublication({ ...account, dueInMs: 60_000 }));
    await harness.sql(`update publications p set scheduled_at = o.due_at, due_at = o.due_at
      from (select max(due_at) as due_at from publications) o`);
    return ids.toSorted();
  }
  const reschedule = (id: string, input: PublicationInput) =>
    harness.deps.db.asWorker((tx) => movePublications(tx, [id], () => input));
  const enqueued = async () => (await enqueueDue(harness.deps, enqueueSettings)).map((job) => job.publicationId);

  test('share one job, and get another where that one is lost', async () => {
    const [first] = await addThree();
    expect(await enqueued()).toEqual([first]);
    expect(await enqueued()).toEqual([]);
    await harness.sql(`update publications set enqueued_until = now() - interval '1 s'`);
    expect(await enqueued()).toEqual([first]);
  });

  test('pass the job on where the one that has it gets another time, or none', async () => {
    const [first = '', second = '', third = ''] = await addThree();
    expect(await enqueued()).toEqual([first]);
    await reschedule(first, { type: 'schedule', atMs: Date.now() + 90_000 });
    expect((await enqueued()).toSorted()).toEqual([first, second]);
    await reschedule(second, { type: 'unschedule' });
    expect(await enqueued()).toEqual([third]);
  });
});
