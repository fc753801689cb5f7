import { createTestDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { UnknownQueueFunctionError } from './check-queue-functions.ts';
import { connectQueue } from './connect-queue.ts';
import { migrateQueue } from './migrate-queue.ts';
import { quietLogger } from './test-backend.ts';

test('two migrations at once, and a third after them, leave one usable schema', async () => {
  await using database = await createTestDatabase(inject('postgresUrl'));
  const pool = new pg.Pool({ connectionString: database.url, max: 4 });
  try {
    await Promise.all([migrateQueue(pool), migrateQueue(pool)]);
    await migrateQueue(pool);
    await using connection = await connectQueue({ pool, logger: quietLogger });
    expect(await connection.openQueue('publish-x').getJobCounts('waiting')).toEqual({ waiting: 0 });
    const { rows } = await pool.query<{ reloptions: string[] }>(
      `select reloptions from pg_class where oid = 'bullmq.job'::regclass`,
    );
    expect(rows[0]?.reloptions).toContain('autovacuum_analyze_threshold=200');
  } finally {
    await pool.end();
  }
});

test("a function of BullMQ's that is not the known one stops the migration and stays as it is", async () => {
  await using database = await createTestDatabase(inject('postgresUrl'));
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  try {
    await migrateQueue(pool);
    await pool.query(`create or replace function bullmq.publish_event(p_queue text, p_event text, p_data jsonb) returns bigint
      language sql as 'select 1::bigint'`);
    await expect(migrateQueue(pool)).rejects.toBeInstanceOf(UnknownQueueFunctionError);
    const { rows } = await pool.query<{ answer: string }>(`select bullmq.publish_event('q', 'e', '{}') as answer`);
    expect(rows[0]?.answer).toBe('1');
  } finally {
    await pool.end();
  }
});

test('the queue works through a pool whose role may not see its tables', async () => {
  await using database = await createTestDatabase(inject('postgresUrl'));
  const owner = new pg.Pool({ connectionString: database.url, max: 2 });
  const onConnect = (client: pg.ClientBase) => client.query('set role pg_monitor');
  const tenant = new pg.Pool(Object.assign({ connectionString: database.url, max: 2 }, { onConnect }));
  try {
    await migrateQueue(owner);
    await expect(tenant.query('select * from bullmq.job')).rejects.toMatchObject({ code: '42501' });
    await using connection = await connectQueue({ pool: tenant, logger: quietLogger });
    expect(await connection.openQueue('publish-x').getJobCounts('waiting')).toEqual({ waiting: 0 });
  } finally {
    await Promise.all([owner.end(), tenant.end()]);
  }
});
