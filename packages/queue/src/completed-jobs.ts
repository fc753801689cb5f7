import type { KeepJobs } from 'bullmq';
import type { QueueStore } from './queue-connection.ts';

const keptCount = 100;
const keptAgeSeconds = 24 * 60 * 60;

/**
 * What becomes of a completed job. BullMQ on PostgreSQL would look for more than `keptCount` at every completion, and concurrent ones
 * would wait for each other's deletions: there it is done by the hundred, with `createCompletedTrim`.
 */
export function keptCompletedJobs(kind: QueueStore['kind']): KeepJobs | false {
  return kind === 'redis' ? { count: keptCount, age: keptAgeSeconds } : false;
}

/** Counts completions of a queue; on PostgreSQL each hundred of them removes what is older than the last hundred. */
export function createCompletedTrim(options: {
  store: QueueStore;
  queueName: string;
  onError: (error: unknown) => void;
}): { completed(): void; ended(): Promise<void> } {
  const { store, queueName, onError } = options;
  let sinceTrim = 0;
  let trimming: Promise<void> | null = null;

  const trim = async (pool: Extract<QueueStore, { kind: 'postgres' }>['pool']) => {
    try {
      await pool.query(
        `delete from job where queue = $1 and state = 'completed' and finished_at_ms < (
           select finished_at_ms from job where queue = $1 and state = 'completed'
           order by finished_at_ms desc offset ${keptCount - 1} limit 1)`,
        [queueName],
      );
    } catch (error) {
      onError(error);
    }
    trimming = null;
  };

  return {
    completed() {
      if (store.kind === 'redis') return;
      sinceTrim += 1;
      if (sinceTrim < keptCount || trimming !== null) return;
      sinceTrim = 0;
      trimming = trim(store.pool);
    },
    ended: async () => {
      await trimming;
    },
  };
}
