import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removePostgresData } from '@vibetribe/postgres-server/remove-postgres-data';
import { startPostgresServer } from '@vibetribe/postgres-server/start-postgres-server';
import type { TestProject } from 'vitest/node';
import { endWithParent } from './end-with-parent.ts';
import { borrowRedisDatabase } from './outside-redis.ts';
import { startRedisServer } from './redis-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser URL of the run's PostgreSQL: make a database of your own with `createTestDatabase`. */
    postgresUrl: string;
    /** Redis of the whole run: use a key prefix of your own, never flush it. */
    redisUrl: string;
  }
}

/** One PostgreSQL and one Redis for the whole run; `inject('postgresUrl')` and `inject('redisUrl')` tell where. */
export async function setup(project: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  await using resources = new AsyncDisposableStack();
  const redisUrl = process.env['REDIS_URL'];
  const [postgresUrl, redis] = await Promise.all([
    startPostgres(resources),
    redisUrl ? borrowRedisDatabase(redisUrl) : startRedisServer(),
  ]);
  resources.use(redis);
  project.provide('postgresUrl', postgresUrl);
  project.provide('redisUrl', redis.url);
  const held = resources.move();
  return () => held.disposeAsync();
}

async function startPostgres(resources: AsyncDisposableStack): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'vibetribe-test-postgres-'));
  // The server runs as another account when the tests run as root.
  await chmod(dataDir, 0o711);
  resources.defer(() => removePostgresData(dataDir));
  const server = resources.use(await startPostgresServer({ dataDir, durable: false, log: () => undefined }));
  resources.use(endWithParent(server.pid, 'INT'));
  return server.url;
}
