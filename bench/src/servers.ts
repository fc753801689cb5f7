import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgresServer } from '@vibetribe/postgres-server/start-postgres-server';
import { startRedisServer } from '@vibetribe/testkit/redis-server';
import { startBeside } from './start-beside.ts';

export interface Servers extends AsyncDisposable {
  readonly postgresUrl: string;
  readonly redisUrl: string;
  /** Origin of the process that accepts posts. */
  readonly target: string;
}

/** PostgreSQL with everything on that production has on, Redis, and the process that accepts posts. */
export async function startServers(): Promise<Servers> {
  await using starting = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-bench-'));
  starting.defer(() => rm(dataDir, { recursive: true, force: true }));
  const postgres = starting.use(
    await startPostgresServer({ dataDir: join(dataDir, 'postgres'), log: () => undefined }),
  );
  const redis = starting.use(await startRedisServer());
  const target = starting.use(await startBeside(new URL('target.ts', import.meta.url)));
  const running = starting.move();
  return {
    postgresUrl: postgres.url,
    redisUrl: redis.url,
    target: target.origin,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
