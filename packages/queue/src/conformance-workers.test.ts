import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backendKinds } from './test-backend.ts';
import { drained, jobFor, nameOf, openQueueStage, platform, type QueueStage } from './test-publish-queue.ts';

describe.each(backendKinds)('workers on %s', (kind) => {
  let stage: QueueStage;
  let queue: QueueStage['queue'];
  let connection: QueueStage['connection'];
  let delivered: QueueStage['delivered'];
  beforeEach(async () => {
    stage = await openQueueStage(kind);
    ({ queue, connection, delivered } = stage);
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  const startWorker: QueueStage['startWorker'] = (options) => stage.startWorker(options);
  const hasDelivered = (count: number) => stage.hasDelivered(count);

  test('closing waits for the running job, aborts it when the time is over, and takes no other', async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const worker = startWorker({
      concurrency: 1,
      handle: (job, signal) => {
        delivered.push(job);
        started.resolve(signal);
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      },
    });
    await queue.enqueue([jobFor('running'), jobFor('waiting')]);
    const signal = await started.promise;
    const closed = await worker.close({ drainMs: 100 });
    expect(signal.aborted).toBe(true);
    expect(closed).toEqual({ drained: true });
    expect(worker.isRunning()).toBe(false);
    expect(delivered).toHaveLength(1);

    startWorker();
    await hasDelivered(2);
  });

  test('what a closing worker has not begun is left to another one, at once', async () => {
    const started = Promise.withResolvers<void>();
    const begun: string[] = [];
    const worker = startWorker({
      concurrency: 1,
      handle: (job, signal) => {
        begun.push(job.publicationId);
        started.resolve();
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      },
    });
    const names = Array.from({ length: 60 }, (_, index) => `n${index}`);
    await queue.enqueue(names.map((name) => jobFor(name)));
    await started.promise;
    await worker.close({ drainMs: 50 });
    expect(begun).toHaveLength(1);

    startWorker();
    const left = names.filter((name) => !begun.includes(name));
    const all = () => left.every((name) => delivered.some(({ publicationId }) => publicationId === name));
    // Sooner than a dead worker's jobs would be found.
    await waitFor(all, { describe: 'the others', timeoutMs: 2_500 });
  });

  test('a publication that finds no place is handled again, under its priority, in a job of its own', async () => {
    let isFull = true;
    startWorker({
      handle: async (job) => {
        if (isFull) return 'no_place';
        delivered.push(job);
        return 'done';
      },
    });
    await queue.enqueue([jobFor('a', { priority: 3 })]);
    const jobs = connection.openQueue(`publish-${platform}`);
    let delayed: Awaited<ReturnType<typeof jobs.getDelayed>> = [];
    await waitFor(async () => (delayed = await jobs.getDelayed()).length === 1, { describe: 'it to come later' });
    isFull = false;
    expect(delayed.map(({ data, priority }) => ({ data, priority }))).toEqual([
      { data: { publications: [{ publicationId: 'a', generation: 1 }] }, priority: 3 },
    ]);
    await hasDelivered(1);
    await drained(connection);
    expect(delivered.map(nameOf)).toEqual(['a_1']);
  });

  test('others want in where a worker holds all it may, and not before', async () => {
    const heard: boolean[] = [];
    const gate = Promise.withResolvers<void>();
    startWorker({
      concurrency: 2,
      handle: async (_job, _signal, isWanted) => {
        heard.push(isWanted());
        await gate.promise;
      },
    });
    await queue.enqueue([jobFor('a')]);
    await waitFor(() => heard.length === 1, { describe: 'the first' });
    await queue.enqueue([jobFor('b')]);
    await waitFor(() => heard.length === 2, { describe: 'the second' });
    gate.resolve();
    expect(heard).toEqual([false, true]);
  });
});
