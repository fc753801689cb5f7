import type { QueueConnection } from './queue-connection.ts';
import { describeStoreError } from './store-error.ts';

/** So many additions by this process, and the planner's picture of the job table counts as out of date. */
const additionsPerRefresh = 500;

/**
 * PostgreSQL plans BullMQ's fetch by its statistics of the job table. Taken while the table was small, they make a later
 * burst crawl; autovacuum would notice seconds too late. Does nothing on Redis.
 */
export function createStatisticsRefresher(connection: Pick<QueueConnection, 'store' | 'logger'>): {
  added(count: number): Promise<void>;
} {
  let additions = 0;
  return {
    async added(count) {
      const { store } = connection;
      additions += count;
      if (store.kind !== 'postgres' || additions < additionsPerRefresh) return;
      additions = 0;
      try {
        await store.pool.query('analyze bullmq.job');
      } catch (error) {
        connection.logger.warn(describeStoreError(error), "the job table's statistics were not refreshed");
      }
    },
  };
}
