import { setTimeout as delay } from 'node:timers/promises';
import { startRedisServer } from '@vibetribe/testkit/redis-server';
import { Redis } from 'ioredis';

/** A Redis of our own that may be emptied, killed and frozen; its address stays. */
export interface BreakableRedis extends AsyncDisposable {
  readonly port: number;
  flush(): Promise<void>;
  /** Ends it at once, with everything it held, and starts an empty one. */
  crash(downMs: number): Promise<void>;
  freeze(frozenMs: number): Promise<void>;
}

export async function startBreakableRedis(): Promise<BreakableRedis> {
  let server = await startRedisServer();
  const { port, url } = server;
  return {
    port,
    async flush() {
      const client = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => null });
      client.on('error', () => undefined);
      try {
        await client.flushall();
      } finally {
        client.disconnect();
      }
    },
    async crash(downMs) {
      await server.kill();
      await delay(downMs);
      server = await startRedisServer({ port });
    },
    async freeze(frozenMs) {
      process.kill(server.pid, 'SIGSTOP');
      await delay(frozenMs);
      process.kill(server.pid, 'SIGCONT');
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
