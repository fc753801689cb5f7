import pg from 'pg';

const settings = `select set_config('search_path', 'bullmq', false), set_config('statement_timeout', '15s', false),
  set_config('lock_timeout', '8s', false), set_config('idle_in_transaction_session_timeout', '15s', false)`;

/**
 * Connection options for the queue's own connections, taken from the product's pool. BullMQ's statements find its tables through the search
 * path. The login's own role may use them, the tenants' role may not. A pooler would refuse the settings in the connection's first message,
 * so they are made right after it.
 */
export function queuePoolOptions(pool: Pick<pg.Pool, 'options'>): pg.PoolConfig {
  const { options } = pool;
  const own = {
    ...options,
    // pg-pool hides these two from enumeration, to keep them out of logs.
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 5000,
    application_name: `${options.application_name ?? 'vibetribe'}-queue`,
  };
  return Object.assign(own, { onConnect: (client: pg.ClientBase) => client.query(settings) });
}

/** A single connection with these options, of the kind that the pool would make. */
export function createQueueClient(options: pg.PoolConfig): pg.Client {
  const Client: new (options: pg.PoolConfig) => pg.ClientBase = options.Client ?? pg.Client;
  return new Client(options) as pg.Client;
}
