import { randomUUID } from 'node:crypto';
import { createTestDatabase, templateDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import { inject } from 'vitest';
import { connectQueue } from './connect-queue.ts';
import { migrateQueue } from './migrate-queue.ts';
import type { QueueConnection } from './queue-connection.ts';

export const backendKinds = ['redis', 'postgres'] as const;
export type BackendKind = (typeof backendKinds)[number];

export const quietLogger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export interface TestBackend extends AsyncDisposable {
  readonly databaseUrl: string;
  readonly pool: pg.Pool;
  readonly prefix: string;
  /** A connection as one more process would open; closed with the backend. */
  connect(): Promise<QueueConnection>;
}

/** A backend of the test's own on the run's servers: an empty database, or an unused prefix of Redis. */
export async function openTestBackend(
  kind: BackendKind,
  servers: { postgresUrl?: string; redisUrl?: string } = {},
): Promise<TestBackend> {
  const postgresUrl = servers.postgresUrl ?? inject('postgresUrl');
  const redisUrl = servers.redisUrl ?? inject('redisUrl');
  await using resources = new AsyncDisposableStack();
  const template = await templateDatabase(postgresUrl, 'queue', migrate);
  const database = resources.use(await createTestDatabase(postgresUrl, { template }));
  const pool = new pg.Pool({ connectionString: database.url, max: 4 });
  pool.on('error', () => undefined);
  resources.defer(() => pool.end());
  const prefix = `test-${randomUUID()}`;
  const connections = resources.use(new AsyncDisposableStack());
  const held = resources.move();

  return {
    databaseUrl: database.url,
    pool,
    prefix,
    async connect() {
      const options = { pool, prefix, logger: quietLogger, ...(kind === 'redis' ? { redisUrl } : {}) };
      return connections.use(await connectQueue(options));
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function migrate(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  try {
    await migrateQueue(pool);
  } finally {
    await pool.end();
  }
}
