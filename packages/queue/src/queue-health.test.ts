import { startRedisServer } from '@vibetribe/testkit/redis-server';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import type { QueueConnection } from './queue-connection.ts';
import { backendKinds, openTestBackend } from './test-backend.ts';

const ill = (connection: QueueConnection) =>
  waitFor(
    async () => {
      const health = await connection.health();
      return health.ok ? null : health;
    },
    { describe: 'the queue to be ill', timeoutMs: 20_000, intervalMs: 250 },
  );

describe.each(backendKinds)('the health of a queue on %s', (kind) => {
  test('is good while jobs can be taken, whoever else looks, and leaves nothing behind', async () => {
    await using backend = await openTestBackend(kind);
    const connections = await Promise.all([backend.connect(), backend.connect(), backend.connect()]);
    for (let round = 0; round < 3; round += 1) {
      const found = await Promise.all(connections.map((connection) => connection.health()));
      expect(found.map(({ ok, detail }) => [ok, detail])).toEqual(found.map(() => [true, expect.any(String)]));
    }
    const counts = await connections[0]?.openQueue('health').getJobCounts();
    expect(Object.values(counts ?? {}).filter((count) => count > 0)).toEqual([]);
  });
});

describe('a queue that answers and takes no job', () => {
  test.concurrent.each([
    ['its tables are gone', 'alter table bullmq.job rename to gone'],
    ['it may not be written', 'create trigger no_jobs before insert on bullmq.job execute function refuse()'],
    ['a function of it is gone', 'alter function bullmq.move_to_active rename to gone'],
  ])('is ill on PostgreSQL when %s', async (_, harm) => {
    await using backend = await openTestBackend('postgres');
    await backend.pool.query(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '53100'; end $$`,
    );
    const connection = await backend.connect();
    expect((await connection.health()).ok).toBe(true);
    await backend.pool.query(harm);
    expect((await ill(connection))?.detail).toContain('no job can be taken');
  });

  test.concurrent.each([
    ['it is out of memory', ['CONFIG', 'SET', 'maxmemory', '1']],
    ['it has become a replica', ['REPLICAOF', '127.0.0.1', '9']],
    ['it cannot write its disk', ['CONFIG', 'SET', 'min-replicas-to-write', '1']],
  ])('is ill on Redis when %s', async (_, harm) => {
    await using server = await startRedisServer();
    await using backend = await openTestBackend('redis', { redisUrl: server.url });
    const connection = await backend.connect();
    expect((await connection.health()).ok).toBe(true);
    const admin = new Redis(server.url);
    await admin.call(...(harm as [string, ...string[]]));
    expect((await ill(connection))?.detail).toContain('no job can be taken');
    admin.disconnect();
  });
});
