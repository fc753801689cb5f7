import { once } from 'node:events';
import { createRedisBackend, Queue, type BackendFactory, type IQueueBackend } from 'bullmq';
import pg from 'pg';
import { OperatorError } from '@vibetribe/observability/operator-error';
import { connectRedis } from './connect-redis.ts';
import { createQueueHealth } from './queue-health.ts';
import type { JobQueue, QueueConnection, QueueLogger, QueueStore } from './queue-connection.ts';
import { queuePoolOptions } from './queue-pool-options.ts';
import { defaultRetention, type QueueRetention } from './queue-retention.ts';
import { createResilientPool } from './resilient-pool.ts';
import { SharedPostgresBackend, SharedPostgresConnection } from './shared-postgres-connection.ts';
import { redisRefusal, redisRisk, requireRedis } from './require-redis.ts';
import { describeStoreError, QueueStoreError } from './store-error.ts';
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
  /** Of jobs that have ended. */
  retention?: QueueRetention;
}

const readyTimeoutMs = 5000;
const retryForMs = 20_000;
const closeTimeoutMs = 5000;
/** Nobody reads BullMQ's event streams: our own events table is the truth. */
const eventsKept = 100;

/** Connects the process to its queue backend; an absent Redis is waited for a few seconds, not for ever. PostgreSQL's schema must have been migrated (`migrateQueue`). */
export async function connectQueue(options: ConnectQueueOptions): Promise<QueueConnection> {
  const closing = new AbortController();
  const prefix = options.prefix ?? 'vibetribe';
  const open = options.redisUrl
    ? await openRedis(options.redisUrl, prefix, options.logger)
    : openPostgres(options, closing.signal);
  const { store } = open;
  const queues = new Map<string, JobQueue>();
  let closed: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    closing.abort();
    await health.close();
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

  const connection: Omit<QueueConnection, 'health'> = {
    kind: store.kind,
    prefix,
    store,
    retention: options.retention ?? defaultRetention,
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
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
  const health = createQueueHealth(connection, open.whyUnsuitable);
  return { ...connection, health: () => health.check() };
}

interface OpenStore {
  store: QueueStore;
  /** What was found wrong with a store that came back after the start. */
  readonly whyUnsuitable: () => string | null;
  close(): Promise<void>;
}

async function openRedis(redisUrl: string, prefix: string, logger: QueueLogger): Promise<OpenStore> {
  const redis = connectRedis({ redisUrl, logger, purpose: 'queue' });
  let unsuitable: string | null = null;
  try {
    await callStore(readyTimeoutMs, 'connecting to Redis', once(redis, 'ready'));
    await callStore(readyTimeoutMs, 'asking what Redis is', requireRedis(redis, prefix));
    const risk = await callStore(readyTimeoutMs, 'asking what Redis keeps', redisRisk(redis));
    if (risk !== null) logger.warn({ risk }, 'this Redis may lose what is in the queue');
  } catch (error) {
    const refusal = refusalIn(error);
    if (refusal !== null) {
      redis.disconnect();
      throw refusal;
    }
    // It goes on trying, and health tells of it.
    logger.warn(describeStoreError(error), 'started without Redis');
    redis.once('ready', () => {
      requireRedis(redis, prefix).catch((cause: unknown) => {
        unsuitable = refusalIn(cause)?.message ?? null;
        if (unsuitable !== null) logger.error({ error: unsuitable }, 'this Redis cannot carry the queue');
      });
    });
  }
  return {
    store: { kind: 'redis', redis },
    whyUnsuitable: () => unsuitable,
    close: async () => redis.disconnect(),
  };
}

/** What of it is the operator's to mend. */
function refusalIn(error: unknown): OperatorError | null {
  const cause = error instanceof QueueStoreError ? error.cause : error;
  return cause instanceof OperatorError ? cause : redisRefusal(cause);
}

function openPostgres(options: ConnectQueueOptions, signal: AbortSignal): OpenStore {
  const pool = new pg.Pool({ ...queuePoolOptions(options.pool), max: options.poolMax ?? 10, min: 0 });
  pool.setMaxListeners(0);
  pool.on('error', (error) => options.logger.warn(describeStoreError(error), 'an idle queue connection was lost'));
  // The pool listens to idle connections only: one that is lost in the moment in which BullMQ takes it for its LISTEN, as by a farewell in the
  // same packet as the last answer to whoever had it before, would end the process. The next statement rejects with the loss.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const shared = new SharedPostgresConnection(createResilientPool(pool, { retryForMs, signal }));
  return {
    store: { kind: 'postgres', pool, shared },
    whyUnsuitable: () => null,
    async close() {
      await callStore(closeTimeoutMs, 'closing the LISTEN connection', shared.close()).catch((error: unknown) =>
        options.logger.warn(describeStoreError(error), 'the LISTEN connection did not close'),
      );
      await pool.end();
    },
  };
}
