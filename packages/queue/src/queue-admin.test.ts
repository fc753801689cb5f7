import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PublishJobRequest } from './publish-jobs.ts';
import { createPublishQueue, type PublishQueue } from './publish-queue.ts';
import { startPublishWorker } from './publish-worker.ts';
import { createQueueAdmin, type QueueAdmin, type QueueJobState } from './queue-admin.ts';
import { removeOldJobs } from './remove-old-jobs.ts';
import type { QueueConnection } from './queue-connection.ts';
import { backendKinds, openTestBackend, type TestBackend } from './test-backend.ts';

const name = 'publish-x';

describe.each(backendKinds)('queue administration on %s', (kind) => {
  let backend: TestBackend;
  let connection: QueueConnection;
  let queue: PublishQueue;
  let admin: QueueAdmin;

  beforeEach(async () => {
    backend = await openTestBackend(kind);
    connection = await backend.connect();
    queue = createPublishQueue(connection);
    admin = createQueueAdmin(connection, ['x', 'bluesky']);
  });

  afterEach(() => backend[Symbol.asyncDispose]());

  const idsOf = async (state: QueueJobState, page = { offset: 0, limit: 10 }): Promise<string[]> =>
    ((await admin.jobs(name, state, page))?.items ?? []).flatMap((job) =>
      job.data.publications.map(({ publicationId }) => publicationId),
    );
  const runAll = async (handle: () => Promise<void>, state: 'completed' | 'failed', count: number): Promise<void> => {
    const worker = startPublishWorker({ connection, platform: 'x', concurrency: 1, handle, onError: () => undefined });
    await waitFor(async () => (await admin.summary(name))?.counts[state] === count, { describe: `${count} ${state}` });
    await worker.close({ drainMs: 2000 });
  };

  test('jobs are counted by state, of a paused queue too', async () => {
    await queue.enqueue([jobFor('a'), jobFor('b'), jobFor('c', { priority: 3 }), jobFor('d', { delayMs: 60_000 })]);
    const counts = { waiting: 2, prioritized: 1, active: 0, delayed: 1, completed: 0, failed: 0 };
    expect(await admin.summary(name)).toEqual({ name, isPaused: false, counts });
    expect(await admin.pause(name)).toBe(true);
    expect(await admin.summary(name)).toEqual({ name, isPaused: true, counts });
    expect(await admin.list()).toHaveLength(2);
    expect(await admin.statistics()).toEqual({ queues: 2, paused: 1, counts });
  });

  test('pages come in the same order and without gaps', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    await queue.enqueue(names.map((id) => jobFor(id)));
    await queue.enqueue(names.map((id, index) => jobFor(`p${id}`, { priority: 10 - index })));
    await queue.enqueue(names.map((id, index) => jobFor(`d${id}`, { delayMs: 60_000 + index * 1000 })));
    expect(await idsOf('waiting', { offset: 0, limit: 2 })).toEqual(['a', 'b']);
    expect(await idsOf('waiting', { offset: 2, limit: 2 })).toEqual(['c', 'd']);
    expect(await idsOf('waiting', { offset: 4, limit: 2 })).toEqual(['e']);
    expect(await idsOf('waiting', { offset: 6, limit: 2 })).toEqual([]);
    expect(await idsOf('prioritized', { offset: 0, limit: 2 })).toEqual(['pe', 'pd']);
    expect(await idsOf('delayed', { offset: 1, limit: 3 })).toEqual(['db', 'dc', 'dd']);
    expect((await admin.jobs(name, 'waiting', { offset: 0, limit: 2 }))?.total).toBe(5);
  });

  test('ended jobs come latest first, and are cleaned by state', async () => {
    await queue.enqueue([jobFor('a')]);
    await runAll(() => Promise.resolve(), 'completed', 1);
    await queue.enqueue([jobFor('b')]);
    await runAll(() => Promise.resolve(), 'completed', 2);
    expect(await idsOf('completed')).toEqual(['b', 'a']);
    expect(await admin.clean(name, { graceMs: 60_000, limit: 10, state: 'completed' })).toBe(0);
    expect(await admin.clean(name, { graceMs: 0, limit: 10, state: 'completed' })).toBe(2);
    expect(await idsOf('completed')).toEqual([]);
  });

  test('what ended longer ago than it is kept for goes, also where nothing ends any more', async () => {
    const retention = { completedMax: 100, completedSeconds: 3_600, failedMax: 50, failedSeconds: 0 };
    await queue.enqueue([jobFor('a')]);
    await runAll(() => Promise.resolve(), 'completed', 1);
    await queue.enqueue([jobFor('b')]);
    await runAll(() => Promise.reject(new Error('no')), 'failed', 1);
    const removeOld = () => removeOldJobs({ ...connection, retention }, ['x', 'bluesky']);
    await waitFor(async () => (await removeOld()) === 1, { describe: 'the failed one goes' });
    expect([await idsOf('completed'), await idsOf('failed')]).toEqual([['a'], []]);
  });

  test('a job is found, rescheduled and removed by its id', async () => {
    await queue.enqueue([jobFor('a', { delayMs: 60_000 }), jobFor('b')]);
    expect(await admin.job(name, 'p_a_1')).toMatchObject({
      id: 'p_a_1',
      state: 'delayed',
      data: { publications: [{ publicationId: 'a', generation: 1 }] },
      delayMs: 60_000,
      failedReason: null,
    });
    expect(await admin.reschedule(name, 'p_a_1', 120_000)).toBe(true);
    expect((await admin.job(name, 'p_a_1'))?.delayMs).toBe(120_000);
    expect(await admin.reschedule(name, 'p_b_1', 120_000)).toBe(false);
    expect(await admin.reschedule(name, 'p_none_1', 1)).toBe(false);
    expect(await admin.remove(name, 'p_a_1')).toBe(true);
    expect(await admin.remove(name, 'p_a_1')).toBe(false);
    expect(await admin.exists(name, 'p_a_1')).toBe(false);
    expect(await admin.exists(name, 'p_b_1')).toBe(true);
  });

  test('a paused queue delivers nothing until it is resumed', async () => {
    await admin.pause(name);
    await queue.enqueue([jobFor('a')]);
    let handled = 0;
    const handle = async (): Promise<void> => void handled++;
    const worker = startPublishWorker({ connection, platform: 'x', concurrency: 1, handle, onError: () => undefined });
    await queue.enqueue([jobFor('other', { platform: 'bluesky' })]);
    const other = startPublishWorker({
      connection,
      platform: 'bluesky',
      concurrency: 1,
      handle,
      onError: () => undefined,
    });
    await waitFor(() => handled === 1, { describe: "the other queue's delivery" });
    expect(await idsOf('waiting')).toEqual(['a']);
    await admin.resume(name);
    await waitFor(() => handled === 2, { describe: 'the delivery after the pause' });
    await Promise.all([worker.close({ drainMs: 2000 }), other.close({ drainMs: 2000 })]);
  });

  test('failed jobs are delivered again when an operator asks', async () => {
    await queue.enqueue([jobFor('a'), jobFor('b')]);
    await runAll(() => Promise.reject(new Error('no')), 'failed', 2);
    expect((await admin.jobs(name, 'failed', { offset: 0, limit: 1 }))?.items[0]?.failedReason).toBe(
      'the publish handler failed',
    );
    expect(await admin.retryFailed(name)).toBe(2);
    await runAll(() => Promise.resolve(), 'completed', 2);
    expect(await idsOf('failed')).toEqual([]);
  });

  test('a queue that is none of ours is unknown, whatever the store holds', async () => {
    expect(await admin.summary('publish-nowhere')).toBeNull();
    expect(await admin.jobs('publish-nowhere', 'waiting', { offset: 0, limit: 1 })).toBeNull();
    expect(await admin.job('publish-nowhere', 'p_a_1')).toBeNull();
    expect(await admin.pause('publish-nowhere')).toBe(false);
    expect(await admin.clean('publish-nowhere', { graceMs: 0, limit: 1, state: 'failed' })).toBeNull();
  });
});

function jobFor(publicationId: string, options: Partial<PublishJobRequest> = {}): PublishJobRequest {
  return { platform: 'x', publicationId, generation: 1, delayMs: 0, priority: 0, ...options };
}
