import { connectDatabase, type Database } from '@vibetribe/db/connect-database';
import type { Logger } from '@vibetribe/observability/logger';
import type { PlatformCall } from '@vibetribe/platforms/create-platform-http';
import { type Bus, createBus } from '@vibetribe/queue/bus';
import { recordBackend } from '@vibetribe/queue/record-backend';
import { connectQueue } from '@vibetribe/queue/connect-queue';
import type { QueueConnection } from '@vibetribe/queue/queue-connection';
import { systemClock } from '@vibetribe/resilience/clock';
import { createKeyRing } from '@vibetribe/security/key-ring';
import type { CoreConfig } from './core-config.ts';
import { type Core, createCore } from './create-core.ts';
import type { Failpoints } from './publishing/failpoints.ts';

/** What every process of the product has open. Disposing closes it in the reverse order. */
export interface Service extends AsyncDisposable {
  readonly core: Core;
  readonly db: Database;
  readonly queue: QueueConnection;
  readonly bus: Bus;
}

/**
 * Opens database, queue and bus, and composes the core over them.
 * @throws QueueBackendMismatchError where the database's queue lives on another backend
 */
export async function openService(options: {
  readonly app: string;
  readonly config: CoreConfig;
  readonly logger: Logger;
  readonly onPlatformCall?: (call: PlatformCall) => void;
  readonly failpoints?: Failpoints | undefined;
}): Promise<Service> {
  const { config, logger } = options;
  await using opening = new AsyncDisposableStack();
  const db = opening.use(
    connectDatabase({
      databaseUrl: config.databaseUrl,
      poolMax: config.dbPoolMax,
      poolMin: config.dbPoolMin,
      applicationName: `vibetribe-${options.app}`,
      onError: (error) => logger.warn({ err: error }, 'an idle database connection was lost'),
    }),
  );
  await claimQueueBackend(db, config.redisUrl === null ? 'postgres' : 'redis');
  const queue = opening.use(await connectQueue({ redisUrl: config.redisUrl ?? undefined, pool: db.pool, logger }));
  const bus = opening.use(createBus(queue));
  const core = opening.use(
    createCore({
      db,
      bus,
      config,
      logger,
      failpoints: options.failpoints,
      clock: systemClock(),
      keyRing: createKeyRing(config.encryptionKeys),
      onPlatformCall: options.onPlatformCall,
    }),
  );
  const opened = opening.move();
  return { core, db, queue, bus, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** The record belongs to the service, not to a tenant: written as the login itself, on a connection that is thrown away. */
async function claimQueueBackend(db: Database, kind: 'redis' | 'postgres'): Promise<void> {
  const client = await db.pool.connect();
  try {
    await client.query('set role none');
    await recordBackend(client, kind);
  } finally {
    client.release(true);
  }
}
