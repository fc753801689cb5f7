import { type BackendFactory, type IQueueBackend, type JobProgress, Worker } from 'bullmq';
import type { PublishJobData, QueueConnection, QueueStore } from './queue-connection.ts';

type ProbeWorker = Worker<PublishJobData, void, string, IQueueBackend, JobProgress, QueueStore>;

/** The queue of the probes of all processes; nothing else is in it. */
const queueName = 'health';
const lockDurationMs = 10_000;

/**
 * Adds a job, takes one and ends it: whether the store still does what publishers and API need of it, which an answer alone does not
 * tell. A server may answer and be read-only, out of memory, or without its tables.
 */
export function createQueueProbe(
  connection: Pick<QueueConnection, 'openQueue' | 'store' | 'prefix' | 'backendFactory'>,
): { run(): Promise<void>; close(): Promise<void> } {
  const { backendFactory, store, prefix } = connection;
  // It never waits for a job, so it needs no connection for waiting.
  const withoutWaiting: BackendFactory<IQueueBackend, QueueStore> = (name, options) => backendFactory(name, options);
  const open = (): ProbeWorker => {
    const worker: ProbeWorker = new Worker(
      queueName,
      null,
      { connection: store, prefix, autorun: false, lockDuration: lockDurationMs },
      withoutWaiting,
    );
    worker.on('error', () => undefined);
    return worker;
  };
  let worker: ProbeWorker | null = null;

  return {
    async run() {
      worker ??= open();
      await connection
        .openQueue(queueName)
        .add('probe', { publications: [] }, { removeOnComplete: true, removeOnFail: true });
      const token = `probe-${worker.id}`;
      // None is there where another process was faster: then it took ours.
      const job = await worker.getNextJob(token, { block: false });
      await job?.moveToCompleted(undefined, token, false);
    },
    async close() {
      await worker?.close(true);
    },
  };
}
