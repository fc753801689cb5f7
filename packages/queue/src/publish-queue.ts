import type { BulkJobOptions, KeepJobs } from 'bullmq';
import { keptCompletedJobs } from './completed-jobs.ts';
import type { JobQueue, PublishJobData, QueueConnection } from './queue-connection.ts';
import { within } from './within.ts';

export interface PublishJob {
  platform: string;
  publicationId: string;
  /** Every arming takes a new one: BullMQ ignores a job id that it still keeps, even of a completed job. */
  generation: number;
  /** 0 or less: now. */
  delayMs: number;
  /** 0 goes first, up to 2,097,152. */
  priority: number;
}

export interface PublishQueue {
  /**
   * Rings for each job. A ring is a hint and may be lost or repeated; the rows in PostgreSQL are the truth.
   * @throws QueueStoreError when the store is away or slow; some of the rings may have been heard
   */
  ring(jobs: readonly PublishJob[], options?: { timeoutMs?: number }): Promise<void>;
}

const ringTimeoutMs = 5000;
const bulkSize = 1000;
const keptOptions = {
  // Retries are decided by the publication's own state, never by the queue.
  attempts: 1,
  removeOnFail: { count: 50, age: 7 * 24 * 60 * 60 },
} as const;

export function createPublishQueue(connection: QueueConnection): PublishQueue {
  return {
    async ring(jobs, options) {
      const timeoutMs = options?.timeoutMs ?? ringTimeoutMs;
      const kept = keptCompletedJobs(connection.kind);
      const byPlatform = Map.groupBy(jobs, (job) => job.platform);
      const adding = [...byPlatform].map(([platform, batch]) =>
        addAll(connection.openQueue(publishQueueName(platform)), batch.map((job) => toEntry(job, kept))),
      );
      await within(timeoutMs, 'ringing for publications', Promise.all(adding));
    },
  };
}

/** The queue of a platform: its own, so that a slow or dead platform holds up nobody else. */
export function publishQueueName(platform: string): string {
  return `publish-${platform}`;
}

/** Never an integer and without a colon, as both backends demand. */
export function publishJobId(job: PublishJobData): string {
  return `p_${job.publicationId}_${job.generation}`;
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

function toEntry(job: PublishJob, removeOnComplete: KeepJobs | false): Entry {
  const data = { publicationId: job.publicationId, generation: job.generation };
  return {
    name: 'publish',
    data,
    opts: { ...keptOptions, removeOnComplete, jobId: publishJobId(data), delay: Math.max(0, job.delayMs), priority: job.priority },
  };
}
