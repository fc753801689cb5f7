import { RateLimiterPostgres, RateLimiterRedis, type RateLimiterAbstract } from 'rate-limiter-flexible';
import type { QueueConnection } from './queue-connection.ts';

/** The counters that all processes share: keys on Redis, or the table that `migrateQueue` makes. */
export function openLimiterStore(
  { store, prefix }: QueueConnection,
  limits: { keyPrefix: string; points: number; duration: number },
): RateLimiterAbstract {
  if (store.kind === 'redis') {
    return new RateLimiterRedis({
      ...limits,
      keyPrefix: `${prefix}:limit:${limits.keyPrefix}`,
      storeClient: store.redis,
      // Without it a command waits for Redis to come back, and the answer with it.
      rejectIfRedisNotReady: true,
    });
  }
  return new RateLimiterPostgres({
    ...limits,
    storeClient: store.pool,
    storeType: 'pool',
    schemaName: 'limiter',
    tableName: 'counter',
    tableCreated: true,
  });
}
