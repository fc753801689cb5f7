import { createTestDatabase } from '@vibetribe/testkit/test-database';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { recordBackend, QueueBackendMismatchError } from './record-backend.ts';

test('the first process records its backend; one with another is told both and what to do', async () => {
  await using database = await createTestDatabase(inject('postgresUrl'));
  const pool = new pg.Pool({ connectionString: database.url, max: 4 });
  try {
    await pool.query(
      'create table service_settings (key text primary key, value jsonb not null, updated_at timestamptz not null default now())',
    );
    const claims = await Promise.allSettled([recordBackend(pool, 'postgres'), recordBackend(pool, 'redis')]);
    expect(claims.map((claim) => claim.status).sort()).toEqual(['fulfilled', 'rejected']);

    await pool.query(`update service_settings set value = '"redis"' where key = 'queue_backend'`);
    await recordBackend(pool, 'redis');
    const refused = recordBackend(pool, 'postgres');
    await expect(refused).rejects.toBeInstanceOf(QueueBackendMismatchError);
    await expect(refused).rejects.toThrow(/redis.*postgres.*set REDIS_URL/s);
  } finally {
    await pool.end();
  }
});

test('installations that share one Redis have keys of their own; what was recorded before keeps its own', async () => {
  const prefixes = [];
  for (const isOld of [false, false, true]) {
    await using database = await createTestDatabase(inject('postgresUrl'));
    const pool = new pg.Pool({ connectionString: database.url, max: 4 });
    await pool.query(
      'create table service_settings (key text primary key, value jsonb not null, updated_at timestamptz not null default now())',
    );
    if (isOld) await pool.query(`insert into service_settings (key, value) values ('queue_backend', '"redis"')`);
    const recorded = await Promise.all([1, 2, 3].map(() => recordBackend(pool, 'redis')));
    expect(new Set(recorded.map(({ prefix }) => prefix)).size).toBe(1);
    prefixes.push(recorded[0]?.prefix);
    await pool.end();
  }
  expect(prefixes).toEqual([expect.stringMatching(/^vibetribe:/), expect.stringMatching(/^vibetribe:/), 'vibetribe']);
  expect(prefixes[0]).not.toBe(prefixes[1]);
});

test('a login that may only read checks what is recorded', async () => {
  await using database = await createTestDatabase(inject('postgresUrl'));
  const pool = new pg.Pool({ connectionString: database.url, max: 1, options: '-c default_transaction_read_only=on' });
  const owner = new pg.Pool({ connectionString: database.url, max: 1 });
  try {
    await owner.query(
      'create table service_settings (key text primary key, value jsonb not null, updated_at timestamptz not null default now())',
    );
    await recordBackend(owner, 'postgres');
    await recordBackend(pool, 'postgres');
    await expect(recordBackend(pool, 'redis')).rejects.toBeInstanceOf(QueueBackendMismatchError);
  } finally {
    await Promise.all([pool.end(), owner.end()]);
  }
});
