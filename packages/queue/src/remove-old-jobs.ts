import { callStore } from './call-store.ts';
import { publishQueueName } from './publish-queue.ts';
import type { QueueConnection } from './queue-connection.ts';

const timeoutMs = 30_000;
const batchMax = 10_000;

/**
 * Removes what ended longer ago than it is kept for: a queue in which nothing ends any more does not do it by itself.
 * @returns how many @throws QueueStoreError
 */
export async function removeOldJobs(
  { retention, openQueue }: Pick<QueueConnection, 'retention' | 'openQueue'>,
  platforms: readonly string[],
): Promise<number> {
  let removed = 0;
  for (const name of platforms.map(publishQueueName)) {
    const queue = openQueue(name);
    const clean = (seconds: number, state: 'completed' | 'failed') =>
      callStore(timeoutMs, `cleaning ${name}`, queue.clean(seconds * 1_000, batchMax, state));
    removed += (await clean(retention.completedSeconds, 'completed')).length;
    removed += (await clean(retention.failedSeconds, 'failed')).length;
  }
  return removed;
}
