import { connectDatabase, type Database } from '@vibetribe/db/connect-database';
import { connectOnce } from '@vibetribe/db/connect-once';
import { requireMigrated } from '@vibetribe/db/require-migrated';
import { requireSessions } from '@vibetribe/db/require-sessions';
import type { Logger } from '@vibetribe/observability/logger';
import type { PlatformCall } from '@vibetribe/platforms/http/create-platform-http';
import { type Bus, createBus } from '@vibetribe/queue/bus';
import { recordBackend, type RecordedQueue } from '@vibetribe/queue/record-backend';
import { connectQueue } from '@vibetribe/queue/connect-queue';
import type { QueueConnection } from '@vibetribe/queue/queue-connection';
import { systemClock } from '@vibetribe/resilience/clock';
import { createKeyRing, type KeyRing } from '@vibetribe/security/key-ring';
import type { CoreConfig } from './core-config.ts';
import { type Core, createCore } from './create-core.ts';
import { requireKeys } from './require-keys.ts';
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
 * @throws OperatorError where the database was not migrated, or is not one of this configuration
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
  const keyRing = createKeyRing(config.encryptionKeys);
  const { prefix } = await requirePreparedDatabase(options, keyRing);
  const db = opening.use(
    connectDatabase({
      databaseUrl: config.databaseUrl,
      rolePrefix: config.dbRolePrefix,
      poolMax: config.dbPoolMax,
      poolMin: config.dbPoolMin,
      applicationName: `vibetribe-${options.app}`,
      onError: (error) => logger.warn({ err: error }, 'an idle database connection was lost'),
      onStatement: logger.isLevelEnabled('debug') ? (statement) => logger.debug(statement, 'database call') : undefined,
    }),
  );
  await requireSessions(db.pool);
  const queue = opening.use(
    await connectQueue({
      redisUrl: config.redisUrl ?? undefined,
      retention: config.queueRetention,
      pool: db.pool,
      prefix,
      logger,
    }),
  );
  const bus = opening.use(createBus(queue));
  const core = opening.use(
    createCore({
      db,
      bus,
      config,
      logger,
      failpoints: options.failpoints,
      clock: systemClock(),
      keyRing,
      onPlatformCall: options.onPlatformCall,
    }),
  );
  const opened = opening.move();
  return { core, db, queue, bus, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** What is the service's and no tenant's is read and recorded as the login itself, on a connection of its own. */
async function requirePreparedDatabase(
  { app, config, logger }: Parameters<typeof openService>[0],
  keyRing: KeyRing,
): Promise<RecordedQueue> {
  await using login = await connectOnce({ databaseUrl: config.databaseUrl, applicationName: `vibetribe-${app}` });
  const { unknown } = await requireMigrated(login.client, { rolePrefix: config.dbRolePrefix });
  if (unknown.length > 0) logger.warn({ migrations: unknown }, 'the database was migrated by a newer version');
  const recorded = await recordBackend(login.client, config.redisUrl === null ? 'postgres' : 'redis');
  await requireKeys(login.client, keyRing, { rolePrefix: config.dbRolePrefix });
  return recorded;
}
