import type { BulkJobOptions } from 'bullmq';
import { keptCompletedJobs } from './completed-jobs.ts';
import { whenReady } from './connect-redis.ts';
import { type PublishJob, type PublishJobRequest, toPublishJobs } from './publish-jobs.ts';
import type { JobQueue, PublishJobData, QueueConnection } from './queue-connection.ts';
import { logged } from './log-call.ts';
import { callStore } from './call-store.ts';

export interface PublishQueue {
  /**
   * Enqueues a job for each publication. A job is a hint and may be lost or repeated; the rows in PostgreSQL are the truth.
   * @throws QueueStoreError when the store is away or slow; some of the jobs may have been added
   */
  enqueue(requests: readonly PublishJobRequest[], options?: { timeoutMs?: number }): Promise<void>;
}

const enqueueTimeoutMs = 5000;
const bulkSize = 1000;
/** Retries are decided by the publication's own state, never by the queue. */
export function keptOptions({ retention }: Pick<QueueConnection, 'retention'>) {
  return { attempts: 1, removeOnFail: { count: retention.failedMax, age: retention.failedSeconds } };
}

export function createPublishQueue(connection: QueueConnection): PublishQueue {
  return {
    async enqueue(requests, options) {
      const timeoutMs = options?.timeoutMs ?? enqueueTimeoutMs;
      const kept = { ...keptOptions(connection), removeOnComplete: keptCompletedJobs(connection) };
      const byPlatform = Map.groupBy(requests, (request) => request.platform);
      const add = async () => {
        if (connection.store.kind === 'redis') await whenReady(connection.store.redis, timeoutMs);
        const adding = [...byPlatform].map(([platform, batch]) =>
          addAll(
            connection.openQueue(publishQueueName(platform)),
            toPublishJobs(batch).map((job) => toEntry(job, kept)),
          ),
        );
        await Promise.all(adding);
      };
      await logged(connection.logger, { call: 'enqueue', publications: requests.length }, () =>
        callStore(timeoutMs, 'enqueueing publications', add()),
      );
    },
  };
}

/** The queue of a platform: its own, so that a slow or dead platform holds up nobody else. */
export function publishQueueName(platform: string): string {
  return `publish-${platform}`;
}

interface Entry {
  name: string;
  data: PublishJobData;
  opts: BulkJobOptions;
}

async function addAll(queue: JobQueue, entries: readonly Entry[]): Promise<void> {
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) {
    await queue.add(only.name, only.data, only.opts);
    return;
  }
  for (let start = 0; start < entries.length; start += bulkSize) {
    await queue.addBulk(entries.slice(start, start + bulkSize));
  }
}

function toEntry({ id, data, delayMs, priority }: PublishJob, kept: BulkJobOptions): Entry {
  return { name: 'publish', data, opts: { ...kept, jobId: id, delay: delayMs, priority } };
}
