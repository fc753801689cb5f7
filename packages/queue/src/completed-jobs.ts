import type { KeepJobs } from 'bullmq';
import type { QueueConnection } from './queue-connection.ts';

/**
 * What becomes of a completed job. BullMQ on PostgreSQL would look for more than are kept at every completion, and concurrent ones
 * would wait for each other's deletions: there it is done by the hundred, with `createCompletedTrim`.
 */
export function keptCompletedJobs({ kind, retention }: Pick<QueueConnection, 'kind' | 'retention'>): KeepJobs | false {
  return kind === 'redis' ? { count: retention.completedMax, age: retention.completedSeconds } : false;
}

const trimEvery = 100;
/** How long after the first completion fewer than `trimEvery` are trimmed. */
const trimWithinMs = 10_000;

/** Counts completions of a queue; on PostgreSQL each hundred of them, or some time, removes what is older than the last ones that are kept. */
export function createCompletedTrim(options: {
  connection: Pick<QueueConnection, 'store' | 'retention'>;
  queueName: string;
  onError: (error: unknown) => void;
  trimWithinMs?: number | undefined;
}): { completed(): void; ended(): Promise<void> } {
  const { queueName, onError } = options;
  const { store, retention } = options.connection;
  let sinceTrim = 0;
  let trimming: Promise<void> | null = null;
  let later: NodeJS.Timeout | undefined;
  let hasEnded = false;

  const trim = async (pool: Extract<typeof store, { kind: 'postgres' }>['pool']) => {
    try {
      await pool.query(
        `delete from job where queue = $1 and state = 'completed' and finished_at_ms < greatest(
           (select finished_at_ms from job where queue = $1 and state = 'completed' order by finished_at_ms desc offset $2 limit 1),
           (extract(epoch from clock_timestamp()) * 1000)::bigint - $3::bigint)`,
        [queueName, retention.completedMax - 1, retention.completedSeconds * 1000],
      );
    } catch (error) {
      onError(error);
    }
    trimming = null;
    if (sinceTrim > 0) beginLater(pool);
  };
  const beginLater = (pool: Parameters<typeof trim>[0]) => {
    if (!hasEnded) later ??= setTimeout(begin, options.trimWithinMs ?? trimWithinMs, pool);
  };
  const begin = (pool: Parameters<typeof trim>[0]) => {
    clearTimeout(later);
    later = undefined;
    // The end of the trim that runs sees to what completes meanwhile.
    if (trimming !== null) return;
    sinceTrim = 0;
    trimming = trim(pool);
  };

  return {
    completed() {
      if (store.kind === 'redis') return;
      sinceTrim += 1;
      if (sinceTrim >= trimEvery) begin(store.pool);
      else beginLater(store.pool);
    },
    ended: async () => {
      hasEnded = true;
      clearTimeout(later);
      await trimming;
    },
  };
}
