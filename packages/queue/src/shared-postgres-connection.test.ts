import { createTestDatabase } from '@vibetribe/testkit/test-database';
import { SchemaMigrationRequiredError } from 'bullmq';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { migrateQueue } from './migrate-queue.ts';
import { createResilientPool } from './resilient-pool.ts';
import { SharedPostgresConnection } from './shared-postgres-connection.ts';

test('a first look that failed is not remembered: the connection works once the schema is there', async () => {
  await using database = await createTestDatabase(inject('postgresUrl'));
  const pool = new pg.Pool({ connectionString: database.url, max: 2, options: '-c search_path=bullmq' });
  try {
    const signal = new AbortController().signal;
    const shared = new SharedPostgresConnection(createResilientPool(pool, { retryForMs: 100, signal }));
    await expect(shared.waitUntilReady()).rejects.toBeInstanceOf(SchemaMigrationRequiredError);
    await migrateQueue(pool);
    await expect(shared.waitUntilReady()).resolves.toBeUndefined();
  } finally {
    await pool.end();
  }
});
