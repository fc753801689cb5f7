import type pg from 'pg';

/**
 * Connection options for the queue's own connections, taken from the product's pool: BullMQ's statements find its tables
 * through the search path, and the login's own role (not the tenants') may use them.
 */
export function queuePoolOptions(pool: Pick<pg.Pool, 'options'>): pg.PoolConfig {
  const { options } = pool;
  return {
    ...options,
    // pg-pool hides these two from enumeration, to keep them out of logs.
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    options: '-c search_path=bullmq',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 5000,
    application_name: `${options.application_name ?? 'vibetribe'}-queue`,
  };
}
