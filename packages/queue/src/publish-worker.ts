import { randomInt, randomUUID } from 'node:crypto';
import { sleep } from '@vibetribe/resilience/sleep';
import { type Job as BullmqJob, type IQueueBackend, type JobProgress, WaitingError, Worker } from 'bullmq';
import PQueue from 'p-queue';
import { createCompletedTrim } from './completed-jobs.ts';
import { jobIdOf } from './publish-jobs.ts';
import { keptOptions, publishQueueName } from './publish-queue.ts';
import type { PublishJobData, QueueConnection, QueueStore, QueuedPublication } from './queue-connection.ts';
import { QueueStoreError } from './store-error.ts';

export interface PublishWorkerOptions {
  connection: QueueConnection;
  platform: string;
  /** Publications handled at once by this process. */
  concurrency: number;
  handle: PublishHandler;
  /** Hears each handler's error with its publication. Hears the store's errors without one, at most every 5 s. Must not throw. */
  onError: (error: unknown, queued: QueuedPublication | null) => void;
  /** A dead worker's job is free again after this. Default 6,000. */
  lockDurationMs?: number;
  /** Pause between looks for dead workers' jobs; two looks are needed. Default 3,000. */
  stalledIntervalMs?: number;
  /** On PostgreSQL completed jobs beyond those that are kept are removed within so long. Default 10,000. */
  trimWithinMs?: number;
}

/**
 * May be called more than once for a publication. `no_place`: it was not begun, and is handled again about a second later.
 * @param signal aborts when closing has waited long enough
 * @param isWanted whether other publications may be kept from being handled by this one
 */
export type PublishHandler = (
  queued: QueuedPublication,
  signal: AbortSignal,
  isWanted: () => boolean,
) => Promise<'no_place' | 'done' | void>;

export interface PublishWorker {
  isRunning(): boolean;
  /** Whether it works, or has looked for a job with success within the last minute. A running one whose every look fails takes none. */
  isTaking(): boolean;
  /**
   * Takes no further job, waits for the running ones, and aborts their signal after `drainMs`.
   * @returns whether all had ended; one that had not is given to another worker when its lock runs out
   */
  close(options: { drainMs: number }): Promise<{ drained: boolean }>;
}

/** When a publication that found no place comes back: spread, so that a crowd does not come at once. */
const againMinMs = 500;
const againMaxMs = 1500;
const restartDelayMs = 1000;
const abortGraceMs = 2000;
const storeErrorIntervalMs = 5000;
/** BullMQ gives up a job that killed this many workers; the dispatcher then enqueues it with a new generation. */
const stalledCountMax = 5;
/** The store keeps a failed job's text, and PostgreSQL refuses some: foreign text stays out. */
const failureText = 'the publish handler failed';

/** An idle worker looks every 5 s, one whose next job is due later every 10, one whose store is away every second. */
export const looksWithinMs = 60_000;

type Job = BullmqJob<PublishJobData, void, string>;

/** Knows when it last looked for a job with success. */
class PlatformWorker extends Worker<PublishJobData, void, string, IQueueBackend, JobProgress, QueueStore> {
  #lookedAtMs = performance.now();

  protected override async moveToActive(token: string, name?: string): ReturnType<Worker['moveToActive']> {
    const job = await super.moveToActive(token, name);
    this.#lookedAtMs = performance.now();
    return job;
  }

  hasLookedWithin(ms: number): boolean {
    return performance.now() - this.#lookedAtMs < ms;
  }
}

/** Handles a platform's jobs until closed. Survives the loss of its store for any time. */
export function startPublishWorker(options: PublishWorkerOptions): PublishWorker {
  const { connection, handle, onError } = options;
  const aborting = new AbortController();
  const closing = new AbortController();

  // A job names one publication or several. At most `concurrency` of all fetched publications run at once, by priority.
  const running = new PQueue({ concurrency: options.concurrency });
  let atWork = 0;
  const isWanted = () => running.size > 0 || atWork >= options.concurrency || closing.signal.aborted;
  const handleOne = async ({ publicationId, generation }: QueuedPublication, priority: number): Promise<Handled> => {
    if (closing.signal.aborted) return 'not_begun';
    try {
      const handled = await handle({ publicationId, generation }, aborting.signal, isWanted);
      if (handled !== 'no_place') return 'done';
      if (closing.signal.aborted) return 'not_begun';
      await enqueueAgain(connection, options.platform, { publicationId, generation }, priority);
      return 'done';
    } catch (error) {
      onError(error, { publicationId, generation });
      return 'failed';
    }
  };

  const worker = new PlatformWorker(
    publishQueueName(options.platform),
    async (job, token) => {
      atWork += 1;
      const startedAtMs = performance.now();
      const handled = await Promise.all(
        job.data.publications.map((queued) =>
          running.add(() => handleOne(queued, job.priority), { priority: -job.priority }),
        ),
      ).finally(() => (atWork -= 1));
      connection.logger.debug(
        { call: 'job', queue: job.queueName, jobId: job.id, handled, durationMs: performance.now() - startedAtMs },
        'queue call',
      );
      if (handled.includes('not_begun')) await giveBack(job, token);
      if (handled.includes('failed')) throw constantFailure();
      trim.completed();
    },
    {
      connection: connection.store,
      prefix: connection.prefix,
      autorun: false,
      concurrency: options.concurrency,
      lockDuration: options.lockDurationMs ?? 6000,
      stalledInterval: options.stalledIntervalMs ?? 3000,
      maxStalledCount: stalledCountMax,
      runRetryDelay: restartDelayMs,
    },
    connection.backendFactory,
  );
  const tellOfStore = atMostEvery(storeErrorIntervalMs, (message: string, cause: unknown) =>
    onError(new QueueStoreError(message, { cause }), null),
  );
  const trim = createCompletedTrim({
    connection,
    queueName: publishQueueName(options.platform),
    onError: (error) => tellOfStore('completed jobs could not be removed', error),
    trimWithinMs: options.trimWithinMs,
  });
  worker.on('error', (error) => tellOfStore('the queue worker met an error', error));
  const ended = runUntilClosed(worker, closing.signal, tellOfStore);

  return {
    isRunning: () => worker.isRunning(),
    isTaking: () => worker.isRunning() && (atWork > 0 || worker.hasLookedWithin(looksWithinMs)),
    async close({ drainMs }) {
      closing.abort();
      const drained = worker.close().then(
        () => Promise.all([ended, trim.ended()]).then(() => true),
        () => false,
      );
      if (await isDoneWithin(drainMs, drained)) return { drained: true };
      aborting.abort(new Error('the worker is closing'));
      return { drained: await isDoneWithin(abortGraceMs, drained) };
    },
  };
}

type Handled = 'done' | 'failed' | 'not_begun';

/** Of a job that a closing worker has not carried out to its end another worker does the rest: what is done is refused there. */
async function giveBack(job: Job, token: string | undefined): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

/** In a job of its own with a new id: BullMQ ignores one that it still keeps. */
async function enqueueAgain(
  connection: QueueConnection,
  platform: string,
  queued: QueuedPublication,
  priority: number,
): Promise<void> {
  const jobId = `${jobIdOf(queued)}_again_${randomUUID()}`;
  const delay = randomInt(againMinMs, againMaxMs);
  await connection
    .openQueue(publishQueueName(platform))
    .add(
      'publish',
      { publications: [queued] },
      { ...keptOptions(connection), removeOnComplete: true, jobId, delay, priority },
    );
}

/** BullMQ's loop ends for good when its first statements fail; it is started again. */
async function runUntilClosed(
  worker: PlatformWorker,
  closing: AbortSignal,
  tellOfStore: (message: string, cause: unknown) => void,
): Promise<void> {
  while (!closing.aborted) {
    try {
      await worker.run();
    } catch (error) {
      if (!closing.aborted) tellOfStore('the queue worker stopped and starts again', error);
    }
    await sleep(restartDelayMs, closing).catch(() => undefined);
  }
}

async function isDoneWithin(timeoutMs: number, done: Promise<boolean>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  const isDone = await Promise.race([done, late]);
  clearTimeout(timer);
  return isDone;
}

/** A store that is away fails each attempt of each worker; one report tells it. */
function atMostEvery<Arguments extends unknown[]>(
  intervalMs: number,
  report: (...args: Arguments) => void,
): (...args: Arguments) => void {
  let nextAtMs = Number.NEGATIVE_INFINITY;
  return (...args) => {
    if (performance.now() < nextAtMs) return;
    nextAtMs = performance.now() + intervalMs;
    report(...args);
  };
}

function constantFailure(): Error {
  const failure = new Error(failureText);
  failure.stack = failureText;
  return failure;
}
