import { Redis } from 'ioredis';
import { expect, inject, test } from 'vitest';
import { startRedisServer } from './redis-server.ts';

test("the run's Redis answers, and one of one's own is another", async () => {
  await using own = await startRedisServer();
  const clients = [new Redis(inject('redisUrl')), new Redis(own.url)] as const;
  await clients[1].set('testkit', 'own');
  expect(await clients[0].get('testkit')).toBeNull();
  expect(await clients[1].config('GET', 'hz')).toContain('100');
  for (const client of clients) client.disconnect();
});
