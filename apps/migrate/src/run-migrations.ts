import { migrate } from '@vibetribe/db/migrate';
import type { Logger } from '@vibetribe/observability/logger';
import { migrateQueue } from '@vibetribe/queue/migrate-queue';
import pg from 'pg';

/** Brings the database up to date: the product's tables and the queue's. May be repeated, and run by several at once. */
export async function runMigrations(options: { databaseUrl: string; logger: Pick<Logger, 'info'> }): Promise<void> {
  await migrate({ databaseUrl: options.databaseUrl, log: (message) => options.logger.info(message) });
  const pool = new pg.Pool({ connectionString: options.databaseUrl, max: 1 });
  try {
    await migrateQueue(pool);
  } finally {
    await pool.end();
  }
}
