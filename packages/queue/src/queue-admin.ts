import type { Job } from 'bullmq';
import { publishQueueName } from './publish-queue.ts';
import type { JobQueue, PublishJobData, QueueConnection } from './queue-connection.ts';
import { logged } from './log-call.ts';
import { callStore } from './call-store.ts';

export const queueJobStates = ['waiting', 'prioritized', 'active', 'delayed', 'completed', 'failed'] as const;
export type QueueJobState = (typeof queueJobStates)[number];

export type QueueCounts = Record<QueueJobState, number>;

export interface QueueSummary {
  name: string;
  isPaused: boolean;
  counts: QueueCounts;
}

export interface QueueJob {
  id: string;
  state: QueueJobState | 'unknown';
  data: PublishJobData;
  priority: number;
  delayMs: number;
  addedAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  failedReason: string | null;
}

export interface QueueStatistics {
  queues: number;
  paused: number;
  counts: QueueCounts;
}

/** An operator's view of the queues. Every method throws QueueStoreError when the store is away. */
export interface QueueAdmin {
  /** Counts every job of every queue: not for polling. */
  list(): Promise<QueueSummary[]>;
  /** Null for a name that is none of ours; so in every method below. */
  summary(name: string): Promise<QueueSummary | null>;
  /** Waiting, prioritized, active and delayed: next one first. Completed and failed: latest first. */
  jobs(
    name: string,
    state: QueueJobState,
    page: { offset: number; limit: number },
  ): Promise<{ items: QueueJob[]; total: number } | null>;
  job(name: string, id: string): Promise<QueueJob | null>;
  exists(name: string, id: string): Promise<boolean>;
  /** False when there is no such job, or a worker holds it. */
  remove(name: string, id: string): Promise<boolean>;
  /** Moves a delayed job to `delayMs` from now; false when it is not delayed. */
  reschedule(name: string, id: string, delayMs: number): Promise<boolean>;
  pause(name: string): Promise<boolean>;
  resume(name: string): Promise<boolean>;
  /** How many were failed, and wait now. */
  retryFailed(name: string): Promise<number | null>;
  /** Removes at most `limit` jobs in the state that have been there for `graceMs`; how many. */
  clean(name: string, options: { graceMs: number; limit: number; state: QueueJobState }): Promise<number | null>;
  statistics(): Promise<QueueStatistics>;
}

const timeoutMs = 10_000;

export function createQueueAdmin(connection: QueueConnection, platforms: readonly string[]): QueueAdmin {
  const names = platforms.map(publishQueueName);

  /** Runs on the named queue, bounded; null when there is no such queue. */
  const on = async <Value>(
    name: string,
    what: string,
    work: (queue: JobQueue) => Promise<Value>,
  ): Promise<Value | null> =>
    names.includes(name)
      ? logged(connection.logger, { call: what, queue: name }, () =>
          callStore(timeoutMs, `${what} of ${name}`, work(connection.openQueue(name))),
        )
      : null;
  const list = (): Promise<QueueSummary[]> =>
    Promise.all(names.map((name) => callStore(timeoutMs, `counts of ${name}`, summarize(connection.openQueue(name)))));

  return {
    list,
    summary: (name) => on(name, 'counts', summarize),
    jobs: (name, state, page) => on(name, 'jobs', (queue) => pageOfJobs(queue, state, page)),
    job: (name, id) =>
      on(name, 'a job', async (queue) => {
        const job = await queue.getJob(id);
        return job ? toQueueJob(job, await stateOf(queue, id)) : null;
      }),
    exists: async (name, id) => Boolean(await on(name, 'a job', (queue) => queue.getJob(id))),
    remove: async (name, id) =>
      // Redis counts a job that is not there as removed.
      (await on(
        name,
        'removing a job',
        async (queue) => Boolean(await queue.getJob(id)) && (await queue.remove(id)) === 1,
      )) === true,
    reschedule: async (name, id, delayMs) =>
      (await on(name, 'rescheduling a job', async (queue) => {
        const job = await queue.getJob(id);
        if (!job || (await stateOf(queue, id)) !== 'delayed') return false;
        await job.changeDelay(Math.max(0, delayMs));
        return true;
      })) === true,
    pause: async (name) => (await on(name, 'pausing', (queue) => queue.pause().then(() => true))) === true,
    resume: async (name) => (await on(name, 'resuming', (queue) => queue.resume().then(() => true))) === true,
    retryFailed: (name) =>
      on(name, 'retrying', async (queue) => {
        const { failed = 0 } = await queue.getJobCounts('failed');
        await queue.retryJobs({ state: 'failed' });
        return failed;
      }),
    clean: (name, options) =>
      on(name, 'cleaning', async (queue) => (await queue.clean(options.graceMs, options.limit, options.state)).length),
    async statistics() {
      const summaries = await list();
      const counts = Object.fromEntries(
        queueJobStates.map((state) => [state, summaries.reduce((sum, queue) => sum + queue.counts[state], 0)]),
      );
      return {
        queues: summaries.length,
        paused: summaries.filter((queue) => queue.isPaused).length,
        counts: toCounts(counts),
      };
    },
  };
}

async function summarize(queue: JobQueue): Promise<QueueSummary> {
  const [counts, waiting, isPaused] = await Promise.all([
    queue.getJobCounts(...queueJobStates),
    // PostgreSQL counts no job of a paused queue as waiting, except this way.
    queue.getCountsPerPriority([0]),
    queue.isPaused(),
  ]);
  return { name: queue.name, isPaused, counts: toCounts({ ...counts, waiting: waiting['0'] ?? 0 }) };
}

function toCounts(counts: Readonly<Record<string, number>>): QueueCounts {
  const of = (state: QueueJobState): number => counts[state] ?? 0;
  return {
    waiting: of('waiting'),
    prioritized: of('prioritized'),
    active: of('active'),
    delayed: of('delayed'),
    completed: of('completed'),
    failed: of('failed'),
  };
}

async function pageOfJobs(queue: JobQueue, state: QueueJobState, page: { offset: number; limit: number }) {
  const total = (await summarize(queue)).counts[state];
  const length = Math.min(page.limit, total - page.offset);
  if (length <= 0) return { items: [], total };
  const jobs = await rangeOfJobs(queue, state, { start: page.offset, length, total });
  return { items: jobs.map((job) => toQueueJob(job, state)), total };
}

async function rangeOfJobs(
  queue: JobQueue,
  state: QueueJobState,
  range: { start: number; length: number; total: number },
) {
  const { start, length, total } = range;
  if (state === 'waiting' || state === 'active') {
    // Only newest first do both backends count from the same end.
    const newestFirst = await queue.getJobs([state], total - start - length, total - start - 1, false);
    return newestFirst.reverse();
  }
  const isAscending = state === 'delayed' || state === 'prioritized';
  return queue.getJobs([state], start, start + length - 1, isAscending);
}

async function stateOf(queue: JobQueue, id: string): Promise<QueueJob['state']> {
  const found = await queue.getJobState(id);
  return queueJobStates.find((state) => state === found) ?? 'unknown';
}

function toQueueJob(job: Job<PublishJobData, void>, state: QueueJob['state']): QueueJob {
  return {
    id: job.id ?? '',
    state,
    data: {
      publications: job.data.publications.map(({ publicationId, generation }) => ({ publicationId, generation })),
    },
    priority: job.priority,
    delayMs: job.delay,
    addedAt: new Date(job.timestamp),
    startedAt: job.processedOn === undefined ? null : new Date(job.processedOn),
    finishedAt: job.finishedOn === undefined ? null : new Date(job.finishedOn),
    failedReason: job.failedReason ?? null,
  };
}
