import { waitFor } from '@vibetribe/testkit/wait-for';
import type { PublishJobRequest } from './publish-jobs.ts';
import { createPublishQueue, type PublishQueue } from './publish-queue.ts';
import { startPublishWorker, type PublishWorker, type PublishWorkerOptions } from './publish-worker.ts';
import type { QueuedPublication, QueueConnection } from './queue-connection.ts';
import { type BackendKind, openTestBackend, type TestBackend } from './test-backend.ts';

export const platform = 'mastodon';

/** A queue of its own with workers that note what they are given. */
export interface QueueStage extends AsyncDisposable {
  readonly backend: TestBackend;
  readonly connection: QueueConnection;
  readonly queue: PublishQueue;
  readonly delivered: QueuedPublication[];
  startWorker(options?: Partial<PublishWorkerOptions>): PublishWorker;
  hasDelivered(count: number): Promise<boolean>;
}

export async function openQueueStage(kind: BackendKind): Promise<QueueStage> {
  const backend = await openTestBackend(kind);
  const connection = await backend.connect();
  const workers: PublishWorker[] = [];
  const delivered: QueuedPublication[] = [];
  return {
    backend,
    connection,
    queue: createPublishQueue(connection),
    delivered,
    startWorker(options = {}) {
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
    },
    hasDelivered: (count) =>
      waitFor(() => delivered.length >= count, { describe: () => `${count} deliveries, not ${delivered.length}` }),
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.close({ drainMs: 2000 })));
      await backend[Symbol.asyncDispose]();
    },
  };
}

export function jobFor(publicationId: string, options: Partial<PublishJobRequest> = {}): PublishJobRequest {
  return { platform, publicationId, generation: 1, delayMs: 0, priority: 0, ...options };
}

export function counts(connection: QueueConnection): Promise<Record<string, number>> {
  return connection.openQueue(`publish-${platform}`).getJobCounts();
}

/** Nothing is on its way any more: what was delivered twice would show. */
export async function drained(connection: QueueConnection): Promise<void> {
  await waitFor(
    async () => {
      const { active = 0, waiting = 0, prioritized = 0, delayed = 0 } = await counts(connection);
      return active + waiting + prioritized + delayed === 0;
    },
    { describe: 'an idle queue' },
  );
}

export function nameOf({ publicationId, generation }: QueuedPublication): string {
  return `${publicationId}_${generation}`;
}
