import { connectionConfig } from '@vibetribe/db/connection-config';
import { migrate } from '@vibetribe/db/migrate';
import type { Logger } from '@vibetribe/observability/logger';
import { migrateQueue } from '@vibetribe/queue/migrate-queue';
import pg from 'pg';

export interface MigrationOptions {
  readonly databaseUrl: string;
  readonly rolePrefix?: string | undefined;
  readonly logger: Pick<Logger, 'info'>;
}

/**
 * Brings the database up to date: the product's tables and the queue's. May be repeated, and run by several at once.
 * @throws OperatorError where the login may not do it, with what an administrator has to run
 */
export async function runMigrations({ databaseUrl, rolePrefix, logger }: MigrationOptions): Promise<void> {
  await migrate({ databaseUrl, rolePrefix, log: (message) => logger.info(message) });
  const pool = new pg.Pool({ ...connectionConfig(databaseUrl).client, max: 1 });
  try {
    await migrateQueue(pool);
  } finally {
    await pool.end();
  }
}
