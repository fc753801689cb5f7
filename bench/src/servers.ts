import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startPostgresServer } from '@vibetribe/postgres-server/start-postgres-server';
import { startRedisServer } from '@vibetribe/testkit/redis-server';

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
  const postgres = starting.use(await startPostgresServer({ dataDir: join(dataDir, 'postgres'), log: () => undefined }));
  const redis = starting.use(await startRedisServer());
  const child = spawn(process.execPath, [fileURLToPath(new URL('target.ts', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
  starting.defer(async () => {
    const closed = once(child, 'close');
    child.stdin.end();
    await closed;
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { port } = JSON.parse(line) as { port: number };
  const running = starting.move();
  return {
    postgresUrl: postgres.url,
    redisUrl: redis.url,
    target: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
