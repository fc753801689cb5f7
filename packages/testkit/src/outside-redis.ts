import { Redis } from 'ioredis';

const logicalDatabasesMax = 16;

/** Takes an empty logical database of a Redis that somebody else runs, and empties it again afterwards. */
export async function borrowRedisDatabase(redisUrl: string): Promise<AsyncDisposable & { url: string }> {
  for (let index = 1; index < logicalDatabasesMax; index++) {
    const url = new URL(redisUrl);
    url.pathname = `/${index}`;
    const client = new Redis(url.href, { retryStrategy: () => null, maxRetriesPerRequest: 1 });
    client.on('error', () => undefined);
    const size = await client.dbsize().catch((cause: unknown) => {
      client.disconnect();
      throw new Error('The Redis of REDIS_URL does not answer, or has no empty logical database.', { cause });
    });
    if (size === 0) {
      return {
        url: url.href,
        async [Symbol.asyncDispose]() {
          await client.flushdb();
          client.disconnect();
        },
      };
    }
    client.disconnect();
  }
  throw new Error('The Redis of REDIS_URL has no empty logical database for the tests.');
}
