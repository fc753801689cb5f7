import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dumpStore } from './test-dump.ts';
import { backendKinds } from './test-backend.ts';
import { counts, drained, jobFor, nameOf, openQueueStage, type QueueStage } from './test-publish-queue.ts';

describe.each(backendKinds)('the publish queue on %s', (kind) => {
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

    const dump = await dumpStore(stage.backend, connection);
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

  test('health tells the round trip', async () => {
    expect(await connection.health()).toEqual({
      ok: true,
      latencyMs: expect.any(Number),
      detail: `${kind} takes and gives jobs`,
    });
  });
});
