import { once } from 'node:events';
import { Redis } from 'ioredis';
import type { QueueLogger } from './queue-connection.ts';
import { describeStoreError, QueueStoreError } from './store-error.ts';

const reconnectDelayMsMax = 1000;
const answerTimeoutMsDefault = 30_000;

/**
 * A connection that comes back by itself within about a second of Redis's return. Commands wait meanwhile, however many they become: what
 * may be dropped is to be given only `whenReady`, what may not has to be bounded otherwise.
 * @param options `purpose` names it in logs. A connection on which a command gets no answer for `answerTimeoutMs` is left for a new one, as
 * one that was cut silently gives no sign by itself; default 30 s, longer than BullMQ lets any command block.
 */
export function connectRedis(options: {
  redisUrl: string;
  logger: QueueLogger;
  purpose: string;
  answerTimeoutMs?: number;
}): Redis {
  if (!URL.canParse(options.redisUrl))
    throw new QueueStoreError('REDIS_URL is not a URL such as redis://127.0.0.1:6379/0');
  const redis = new Redis(options.redisUrl, {
    // BullMQ demands it: a worker's command must wait for Redis, however long.
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), reconnectDelayMsMax),
    autoResubscribe: false,
    connectTimeout: 5000,
    socketTimeout: options.answerTimeoutMs ?? answerTimeoutMsDefault,
    keepAlive: 10_000,
  });
  // BullMQ adds to it and takes away again: 0, which stands for no limit, would become one of 3.
  redis.setMaxListeners(Infinity);
  const fields = { purpose: options.purpose };
  let isDown = false;
  redis.on('error', (error: Error) => {
    // Each attempt to reconnect fails anew; one line tells it.
    if (!isDown) options.logger.warn({ ...fields, ...describeStoreError(error) }, 'Redis is not reachable');
    isDown = true;
  });
  redis.on('ready', () => {
    if (isDown) options.logger.info(fields, 'Redis is reachable again');
    isDown = false;
  });
  return redis;
}

/** Resolves when a command would go out at once. Rejects when the next attempt to connect fails, or after `timeoutMs`. */
export async function whenReady(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status !== 'ready') await once(redis, 'ready', { signal: AbortSignal.timeout(timeoutMs) });
}
