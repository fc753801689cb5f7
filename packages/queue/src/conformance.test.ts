import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PublishJobRequest } from './publish-jobs.ts';
import { createPublishQueue, type PublishQueue } from './publish-queue.ts';
import { startPublishWorker, type PublishWorker, type PublishWorkerOptions } from './publish-worker.ts';
import type { QueuedPublication, QueueConnection } from './queue-connection.ts';
import { dumpStore } from './test-dump.ts';
import { backendKinds, openTestBackend, type TestBackend } from './test-backend.ts';

const platform = 'mastodon';

describe.each(backendKinds)('the publish queue on %s', (kind) => {
  let backend: TestBackend;
  let connection: QueueConnection;
  let queue: PublishQueue;
  let workers: PublishWorker[];
  let delivered: QueuedPublication[];

  beforeEach(async () => {
    backend = await openTestBackend(kind);
    connection = await backend.connect();
    queue = createPublishQueue(connection);
    workers = [];
    delivered = [];
  });

  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.close({ drainMs: 2000 })));
    await backend[Symbol.asyncDispose]();
  });

  const startWorker = (options: Partial<PublishWorkerOptions> = {}): PublishWorker => {
    const worker = startPublishWorker({
      connection,
      platform,
      concurrency: 4,
      handle: async (job) => void delivered.push(job),
      onError: () => undefined,
      ...options,
    });
    workers.push(worker);
    return worker;
  };
  const hasDelivered = (count: number): Promise<boolean> =>
    waitFor(() => delivered.length >= count, { describe: () => `${count} deliveries, not ${delivered.length}` });

  test('a request is delivered once, with the ids and nothing else', async () => {
    startWorker();
    await queue.enqueue([jobFor('a')]);
    await hasDelivered(1);
    await drained(connection);
    expect(delivered).toEqual([{ publicationId: 'a', generation: 1 }]);
  });

  test('requests of many publications at once are each delivered once', async () => {
    const jobs = Array.from({ length: 60 }, (_, index) => jobFor(`many-${index}`));
    await queue.enqueue(jobs);
    startWorker();
    startWorker();
    await hasDelivered(60);
    await drained(connection);
    expect(new Set(delivered.map((job) => job.publicationId)).size).toBe(60);
    expect(delivered).toHaveLength(60);
  });

  test('a crowd shares jobs, and of its publications no more than the concurrency run at once, those of the first in line first', async () => {
    let running = 0;
    let runningMax = 0;
    const opened = Promise.withResolvers<void>();
    await queue.enqueue(Array.from({ length: 60 }, (_, index) => jobFor(`crowd-${index}`, { priority: 100 })));
    expect((await counts(connection))['prioritized']).toBeLessThan(10);
    startWorker({
      concurrency: 2,
      handle: async (queued) => {
        running += 1;
        runningMax = Math.max(runningMax, running);
        await opened.promise;
        delivered.push(queued);
        running -= 1;
      },
    });
    await waitFor(() => running === 2, { describe: 'two are running' });
    await queue.enqueue([jobFor('first', { priority: 1 })]);
    opened.resolve();
    await hasDelivered(61);
    await drained(connection);
    expect(runningMax).toBe(2);
    expect(new Set(delivered.map(nameOf)).size).toBe(61);
    // Two jobs of eight were held when it came, and when both end at once a third is taken beside it.
    expect(delivered.map(nameOf).indexOf('first_1')).toBeLessThanOrEqual(24);
  });

  test('of a shared job whose one publication fails the others are handled, and the failing one is named', async () => {
    const failed: unknown[] = [];
    startWorker({
      concurrency: 60,
      handle: async (queued) => {
        if (queued.publicationId === 'crowd-7') throw new Error('no');
        delivered.push(queued);
      },
      onError: (_error, queued) => failed.push(queued),
    });
    await queue.enqueue(Array.from({ length: 60 }, (_, index) => jobFor(`crowd-${index}`)));
    await hasDelivered(59);
    await drained(connection);
    expect(failed).toEqual([{ publicationId: 'crowd-7', generation: 1 }]);
    expect((await counts(connection))['failed']).toBe(1);
  });

  test('a delayed request is not delivered before its time, and within a second of it', async () => {
    startWorker();
    const enqueuedAtMs = performance.now();
    await queue.enqueue([jobFor('later', { delayMs: 400 })]);
    await hasDelivered(1);
    const waitedMs = performance.now() - enqueuedAtMs;
    expect(waitedMs).toBeGreaterThanOrEqual(390);
    expect(waitedMs).toBeLessThan(1400);
  });

  test('a request of higher priority overtakes those that wait', async () => {
    await queue.enqueue([
      jobFor('low', { priority: 10 }),
      jobFor('normal', { priority: 5 }),
      jobFor('high', { priority: 1 }),
    ]);
    startWorker({ concurrency: 1 });
    await hasDelivered(3);
    expect(delivered.map((job) => job.publicationId)).toEqual(['high', 'normal', 'low']);
  });

  test('the same generation queued again is ignored, also after it was delivered; a new generation is delivered', async () => {
    startWorker();
    await queue.enqueue([jobFor('a'), jobFor('a')]);
    await hasDelivered(1);
    await drained(connection);
    await queue.enqueue([jobFor('a')]);
    await queue.enqueue([jobFor('a'), jobFor('b')]);
    await queue.enqueue([jobFor('a', { generation: 2 })]);
    await hasDelivered(3);
    await drained(connection);
    expect(delivered.map(nameOf).sort()).toEqual(['a_1', 'a_2', 'b_1']);
  });

  test('a failed job is kept but never tried again by the queue', async () => {
    let attempts = 0;
    startWorker({
      handle: async () => {
        attempts += 1;
        throw new Error('no');
      },
    });
    await queue.enqueue([jobFor('a')]);
    await waitFor(async () => (await counts(connection))['failed'] === 1, { describe: 'one failed job' });
    await drained(connection);
    expect(attempts).toBe(1);
  });

  test('the store keeps ids and a constant text, nothing of what a handler threw', async () => {
    const errors: unknown[] = [];
    const thrown = new Error('token=canary-7f3a half a pair \ud800 and NUL \u0000', {
      cause: new Error('canary-cause'),
    });
    startWorker({ handle: () => Promise.reject(thrown), onError: (error) => errors.push(error) });
    await queue.enqueue([jobFor('a')]);
    await waitFor(async () => (await counts(connection))['failed'] === 1, { describe: 'one failed job' });

    const dump = await dumpStore(backend, connection);
    expect(dump).toContain('p_a_1');
    expect(dump).toContain('the publish handler failed');
    expect(dump).not.toContain('canary');
    expect(dump).not.toContain('test.ts');
    expect(errors).toEqual([thrown]);
  });

  test('of completed jobs the last hundred are kept once the queue is quiet', async () => {
    const concurrency = 5;
    startWorker({ concurrency, trimWithinMs: 100 });
    // Few at a time, so that each gets a job of its own.
    for (let batch = 0; batch < 11; batch += 1) {
      await queue.enqueue(Array.from({ length: 40 }, (_, index) => jobFor(`r-${batch}-${index}`)));
    }
    await hasDelivered(440);
    await drained(connection);
    // Those that end in the same millisecond, or while the last look is under way, stay.
    await waitFor(async () => ((await counts(connection))['completed'] ?? 0) <= 100 + 4 * concurrency, {
      describe: 'old completed jobs are removed',
    });
    expect((await counts(connection))['completed']).toBeGreaterThanOrEqual(100);
  });

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

  test('health tells the round trip', async () => {
    expect(await connection.health()).toEqual({
      ok: true,
      latencyMs: expect.any(Number),
      detail: `${kind} takes and gives jobs`,
    });
  });
});

function jobFor(publicationId: string, options: Partial<PublishJobRequest> = {}): PublishJobRequest {
  return { platform, publicationId, generation: 1, delayMs: 0, priority: 0, ...options };
}

function counts(connection: QueueConnection): Promise<Record<string, number>> {
  return connection.openQueue(`publish-${platform}`).getJobCounts();
}

/** Nothing is on its way any more: what was delivered twice would show. */
async function drained(connection: QueueConnection): Promise<void> {
  await waitFor(
    async () => {
      const { active = 0, waiting = 0, prioritized = 0, delayed = 0 } = await counts(connection);
      return active + waiting + prioritized + delayed === 0;
    },
    { describe: 'an idle queue' },
  );
}

function nameOf({ publicationId, generation }: QueuedPublication): string {
  return `${publicationId}_${generation}`;
}
