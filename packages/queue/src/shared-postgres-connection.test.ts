import { createTestDatabase } from '@vibetribe/testkit/test-database';
import { SchemaMigrationRequiredError, Worker } from 'bullmq';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { migrateQueue } from './migrate-queue.ts';
import { looksWithinMs } from './publish-worker.ts';
import { createResilientPool } from './resilient-pool.ts';
import { openTestBackend } from './test-backend.ts';
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

test('a connection that is lost in the moment in which it is taken from the pool ends no process', async () => {
  await using backend = await openTestBackend('postgres');
  const { store } = await backend.connect();
  if (store.kind !== 'postgres') throw new Error('not on PostgreSQL');
  const client = await store.pool.connect();
  // As pg says it when a farewell comes without a statement under way. Without a listener it throws where nobody catches.
  const farewell = () => client.emit('error', new Error('terminating connection due to administrator command'));
  try {
    expect(farewell).not.toThrow();
  } finally {
    client.release(true);
  }
  expect((await store.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('a worker whose next job is due in an hour looks for one all the same, before it counts as one that does not', async () => {
  await using backend = await openTestBackend('postgres');
  const { backendFactory, store, prefix } = await backend.connect();
  const worker = new Worker('publish-x', null, { connection: store, prefix, autorun: false }, backendFactory);
  try {
    const blockSeconds = worker['getBlockTimeout'](Date.now() + 3_600_000);
    expect(blockSeconds * 1_000).toBeLessThan(looksWithinMs / 2);
  } finally {
    await worker.close();
  }
});

test('many workers may say at once that they listen: their statements on the shared connection run in turn', async () => {
  await using database = await createTestDatabase(inject('postgresUrl'));
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  const warnings: Error[] = [];
  const note = (warning: Error) => void (warning.name === 'DeprecationWarning' && warnings.push(warning));
  process.on('warning', note);
  try {
    const shared = new SharedPostgresConnection(
      createResilientPool(pool, { retryForMs: 100, signal: new AbortController().signal }),
    );
    const clients = await Promise.all([1, 2, 3].map(() => shared.getListenClient()));
    await Promise.all(clients.map((client) => client.query('listen something')));
    await clients[0]?.query('select 1');
    await shared.close();
    expect(warnings).toEqual([]);
  } finally {
    process.off('warning', note);
    await pool.end();
  }
});
