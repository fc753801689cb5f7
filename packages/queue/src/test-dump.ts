import type { QueueConnection } from './queue-connection.ts';
import type { TestBackend } from './test-backend.ts';

/** Everything the queue's store holds for this backend, as text. */
export async function dumpStore(backend: TestBackend, connection: QueueConnection): Promise<string> {
  const { store } = connection;
  if (store.kind === 'postgres') {
    const { rows } = await backend.pool.query<{ dump: string }>(
      `select schema_to_xml('bullmq', true, false, '')::text as dump`,
    );
    return rows[0]?.dump ?? '';
  }
  const parts: string[] = [];
  for (const key of await store.redis.keys(`${backend.prefix}:*`)) {
    parts.push(key, await store.redis.type(key));
    const value = await readKey(store.redis, key);
    parts.push(JSON.stringify(value));
  }
  return parts.join('\n');
}

async function readKey(
  redis: Extract<QueueConnection['store'], { kind: 'redis' }>['redis'],
  key: string,
): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'hash':
      return redis.hgetall(key);
    case 'zset':
      return redis.zrange(key, '0', '-1');
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return redis.get(key);
  }
}
