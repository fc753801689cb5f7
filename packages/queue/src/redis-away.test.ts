import { startRedisServer } from '@vibetribe/testkit/redis-server';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { expect, test } from 'vitest';
import { createBus } from './bus.ts';
import { connectRedis } from './connect-redis.ts';
import { createPublishQueue } from './publish-queue.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { openTestBackend, quietLogger } from './test-backend.ts';

test('what could not be queued or told while Redis is away is dropped and not kept for its return', async () => {
  const redis = await startRedisServer();
  await using backend = await openTestBackend('redis', { redisUrl: redis.url });
  const connection = await backend.connect();
  await using bus = createBus(connection);
  const queue = createPublishQueue(connection);
  await queue.enqueue([{ platform: 'x', publicationId: 'before', generation: 1, delayMs: 0, priority: 0 }]);
  await redis.kill();
  if (connection.store.kind !== 'redis') throw new Error('not on Redis');
  const client = connection.store.redis;
  await waitFor(() => client.status !== 'ready', { describe: 'the loss' });
  const requests = Array.from({ length: 100 }, (_, index) => ({
    platform: 'x',
    publicationId: `p${index}`,
    generation: 1,
    delayMs: 0,
    priority: 0,
  }));
  const told = await Promise.allSettled([
    ...requests.map((request) => queue.enqueue([request], { timeoutMs: 300 })),
    ...requests.map(() => bus.publish('events', '')),
  ]);
  expect(new Set(told.map(({ status }) => status))).toEqual(new Set(['rejected']));
  expect((await connection.health()).ok).toBe(false);
  expect(Reflect.get(client, 'offlineQueue').length).toBe(0);
});

test('a connection on which Redis has fallen silent is left for a new one', async () => {
  await using server = await startRedisServer();
  const redis = connectRedis({ redisUrl: server.url, logger: quietLogger, purpose: 'test', answerTimeoutMs: 300 });
  await redis.ping();
  process.kill(server.pid, 'SIGSTOP');
  const asked = redis.ping();
  try {
    await waitFor(() => redis.status !== 'ready', { describe: 'the end of the silent connection' });
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
  expect(await asked).toBe('PONG');
  redis.disconnect();
});

test('a shared rate limit whose count is under way when Redis falls silent ends when it is told to', async () => {
  await using server = await startRedisServer();
  await using backend = await openTestBackend('redis', { redisUrl: server.url });
  const connection = await backend.connect();
  const limiter = createRateLimiter(connection, { name: 'api', points: 2, durationSeconds: 60 });
  if (connection.store.kind !== 'redis') throw new Error('not on Redis');
  const sent = Reflect.get(connection.store.redis, 'commandQueue') as { length: number };
  process.kill(server.pid, 'SIGSTOP');
  await limiter.consume('a');
  await waitFor(() => sent.length > 0, { describe: 'the count under way' });
  await server.kill();
  await limiter[Symbol.asyncDispose]();
});
