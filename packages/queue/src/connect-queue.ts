import { once } from 'node:events';
import { createRedisBackend, Queue, type BackendFactory, type IQueueBackend } from 'bullmq';
import pg from 'pg';
import { connectRedis, whenReady } from './connect-redis.ts';
import type { JobQueue, QueueConnection, QueueHealth, QueueLogger, QueueStore } from './queue-connection.ts';
import { queuePoolOptions } from './queue-pool-options.ts';
import { createResilientPool } from './resilient-pool.ts';
import { SharedPostgresBackend, SharedPostgresConnection } from './shared-postgres-connection.ts';
import { describeStoreError } from './store-error.ts';
import { callStore } from './call-store.ts';

export interface ConnectQueueOptions {
  /** Jobs, limits and messages live on this Redis; without it on PostgreSQL. */
  redisUrl?: string | undefined;
  /** Tells where PostgreSQL is. The queue opens connections of its own, with its own schema and without a role. */
  pool: Pick<pg.Pool, 'options'>;
  logger: QueueLogger;
  /** Redis key prefix. Default `vibetribe`. */
  prefix?: string;
  /** Most connections of the queue's own pool on PostgreSQL, its LISTEN connection included. Default 10. */
  poolMax?: number;
}

const readyTimeoutMs = 5000;
const healthTimeoutMs = 2000;
const retryForMs = 20_000;
const closeTimeoutMs = 5000;
/** Nobody reads BullMQ's event streams: our own events table is the truth. */
const eventsKept = 100;

/** Connects the process to its queue backend; an absent Redis is waited for a few seconds, not for ever. PostgreSQL's schema must have been migrated (`migrateQueue`). */
export async function connectQueue(options: ConnectQueueOptions): Promise<QueueConnection> {
  const closing = new AbortController();
  const open = options.redisUrl
    ? await openRedis(options.redisUrl, options.logger)
    : openPostgres(options, closing.signal);
  const { store } = open;
  const prefix = options.prefix ?? 'vibetribe';
  const queues = new Map<string, JobQueue>();
  let closed: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    closing.abort();
    await Promise.allSettled(
      [...queues.values()].map((queue) => callStore(closeTimeoutMs, 'closing a queue', queue.close())),
    );
    await open.close();
  };
  const backendFactory: BackendFactory<IQueueBackend, QueueStore> = (name, queueOptions, factoryOptions) => {
    const { connection, ...rest } = queueOptions;
    return connection.kind === 'redis'
      ? createRedisBackend(name, { ...rest, connection: connection.redis }, factoryOptions)
      : new SharedPostgresBackend(connection.shared, name, rest);
  };

  return {
    kind: store.kind,
    prefix,
    store,
    logger: options.logger,
    backendFactory,
    openQueue(name) {
      const known = queues.get(name);
      if (known !== undefined) return known;
      const queue: JobQueue = new Queue(
        name,
        { connection: store, prefix, streams: { events: { maxLen: eventsKept } } },
        backendFactory,
      );
      // The connection logs its own errors.
      queue.on('error', () => undefined);
      queues.set(name, queue);
      return queue;
    },
    health: () => measureHealth(store),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

interface OpenStore {
  store: QueueStore;
  close(): Promise<void>;
}

async function openRedis(redisUrl: string, logger: QueueLogger): Promise<OpenStore> {
  const redis = connectRedis({ redisUrl, logger, purpose: 'queue' });
  try {
    await callStore(readyTimeoutMs, 'connecting to Redis', once(redis, 'ready'));
  } catch (error) {
    // It goes on trying, and health tells of it.
    logger.warn(describeStoreError(error), 'started without Redis');
  }
  return { store: { kind: 'redis', redis }, close: async () => redis.disconnect() };
}

function openPostgres(options: ConnectQueueOptions, signal: AbortSignal): OpenStore {
  const pool = new pg.Pool({ ...queuePoolOptions(options.pool), max: options.poolMax ?? 10, min: 0 });
  pool.setMaxListeners(0);
  pool.on('error', (error) => options.logger.warn(describeStoreError(error), 'an idle queue connection was lost'));
  const shared = new SharedPostgresConnection(createResilientPool(pool, { retryForMs, signal }));
  return {
    store: { kind: 'postgres', pool, shared },
    async close() {
      await callStore(closeTimeoutMs, 'closing the LISTEN connection', shared.close()).catch((error: unknown) =>
        options.logger.warn(describeStoreError(error), 'the LISTEN connection did not close'),
      );
      await pool.end();
    },
  };
}

async function measureHealth(store: QueueStore): Promise<QueueHealth> {
  const startedAtMs = performance.now();
  const probe = async () => {
    if (store.kind === 'postgres') return store.pool.query('select 1');
    await whenReady(store.redis, healthTimeoutMs);
    return store.redis.ping();
  };
  try {
    await callStore(healthTimeoutMs, `the queue's ${store.kind}`, probe());
    return { ok: true, latencyMs: Math.round(performance.now() - startedAtMs), detail: `${store.kind} answers` };
  } catch (error) {
    const { error: detail } = describeStoreError(error);
    return { ok: false, latencyMs: Math.round(performance.now() - startedAtMs), detail };
  }
}
