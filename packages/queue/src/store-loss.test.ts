import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { removePostgresData } from '@vibetribe/postgres-server/remove-postgres-data';
import { startPostgresServer } from '@vibetribe/postgres-server/start-postgres-server';
import { startRedisServer } from '@vibetribe/testkit/redis-server';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { PublishJobRequest } from './publish-jobs.ts';
import { createPublishQueue } from './publish-queue.ts';
import { startPublishWorker, type PublishWorker } from './publish-worker.ts';
import type { QueuedPublication, QueueConnection } from './queue-connection.ts';
import { QueueStoreError } from './store-error.ts';
import { backendKinds, openTestBackend, type BackendKind, type TestBackend } from './test-backend.ts';

/** A store of the test's own that can be killed and started again at the same address. */
interface OwnStore extends AsyncDisposable {
  servers: { postgresUrl?: string; redisUrl?: string };
  kill(): Promise<void>;
  restart(): Promise<void>;
}

const platform = 'tiktok';
const shortLocks = { lockDurationMs: 1000, stalledIntervalMs: 500 };

describe.each(backendKinds)('a worker killed in the middle of a job on %s', (kind) => {
  test('leaves the job to another worker within seconds', async () => {
    await using backend = await openTestBackend(kind);
    const connection = await backend.connect();
    const victim = spawnWorker(kind, backend);
    try {
      const lines = createInterface({ input: victim.stdout ?? process.stdin });
      await once(lines, 'line');
      const holding = once(lines, 'line');
      await createPublishQueue(connection).enqueue([jobFor('a')]);
      expect(await holding).toEqual(['holding p_a_1']);
    } finally {
      victim.kill('SIGKILL');
    }
    const delivered: QueuedPublication[] = [];
    const worker = startWorker(connection, delivered);
    await waitFor(() => delivered.length === 1, { describe: 'the redelivery', timeoutMs: 8000 });
    await worker.close({ drainMs: 2000 });
    expect(delivered.map(nameOf)).toEqual(['a_1']);
  });
});

describe.each(backendKinds)('when %s is killed and comes back', (kind) => {
  let store: OwnStore;
  let backend: TestBackend;
  let connection: QueueConnection;
  let worker: PublishWorker;
  let delivered: QueuedPublication[];

  beforeEach(async () => {
    store = await startOwnStore(kind);
    backend = await openTestBackend(kind, store.servers);
    connection = await backend.connect();
    delivered = [];
    worker = startWorker(connection, delivered);
  });

  afterEach(async () => {
    await worker.close({ drainMs: 1000 });
    await backend[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  test('requests fail within their bound, health says so, and workers take up later requests by themselves', async () => {
    const queue = createPublishQueue(connection);
    await queue.enqueue([jobFor('before')]);
    await waitFor(() => delivered.length === 1, { describe: 'the first delivery' });
    await store.kill();
    const enqueuedAtMs = performance.now();
    await expect(queue.enqueue([jobFor('lost')], { timeoutMs: 500 })).rejects.toBeInstanceOf(QueueStoreError);
    expect(performance.now() - enqueuedAtMs).toBeLessThan(1500);
    expect((await connection.health()).ok).toBe(false);

    await store.restart();
    await waitFor(async () => (await connection.health()).ok, { describe: 'a healthy queue', timeoutMs: 15_000 });
    await queue.enqueue([jobFor('after')]);
    const hasAfter = (): boolean => delivered.some((job) => job.publicationId === 'after');
    await waitFor(hasAfter, { describe: 'the delivery after the restart', timeoutMs: 15_000 });
    expect(worker.isRunning()).toBe(true);
  });
});

test.each(backendKinds)('a process that is started while %s is away works as soon as it is there', async (kind) => {
  await using store = await startOwnStore(kind);
  await using backend = await openTestBackend(kind, store.servers);
  await store.kill();
  const connection = await backend.connect();
  const delivered: QueuedPublication[] = [];
  const worker = startWorker(connection, delivered);
  const queue = createPublishQueue(connection);
  await expect(queue.enqueue([jobFor('lost')], { timeoutMs: 300 })).rejects.toBeInstanceOf(QueueStoreError);

  await store.restart();
  await waitFor(async () => (await connection.health()).ok, { describe: 'a healthy queue', timeoutMs: 15_000 });
  await queue.enqueue([jobFor('after')]);
  const hasAfter = (): boolean => delivered.some((job) => job.publicationId === 'after');
  await waitFor(hasAfter, { describe: 'the first delivery', timeoutMs: 15_000 });
  await worker.close({ drainMs: 1000 });
  expect(worker.isRunning()).toBe(false);
});

test('FLUSHALL loses requests but no worker: the same generation queued again is delivered', async () => {
  await using redis = await startRedisServer();
  await using backend = await openTestBackend('redis', { redisUrl: redis.url });
  const connection = await backend.connect();
  const delivered: QueuedPublication[] = [];
  const worker = startWorker(connection, delivered);
  const queue = createPublishQueue(connection);
  await queue.enqueue([jobFor('a', { delayMs: 60_000 }), jobFor('b')]);
  await waitFor(() => delivered.length === 1, { describe: 'the first delivery' });

  if (connection.store.kind === 'redis') await connection.store.redis.flushall();
  await queue.enqueue([jobFor('a'), jobFor('b')]);
  await waitFor(() => delivered.length === 3, { describe: 'both deliveries after the flush' });
  await worker.close({ drainMs: 1000 });
  expect(delivered.map(nameOf).sort()).toEqual(['a_1', 'b_1', 'b_1']);
});

test('cut connections to PostgreSQL under load lose no request and deliver none twice', async () => {
  await using backend = await openTestBackend('postgres');
  const connection = await backend.connect();
  const queue = createPublishQueue(connection);
  const delivered: QueuedPublication[] = [];
  const worker = startWorker(connection, delivered, { lockDurationMs: 5000, stalledIntervalMs: 2000 });
  const names = Array.from({ length: 300 }, (_, index) => `cut-${index}`);
  for (let start = 0; start < names.length; start += 50) {
    await queue.enqueue(names.slice(start, start + 50).map((name) => jobFor(name)));
    await backend.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%-queue' and datname = current_database()`,
    );
  }
  const names300 = (): number => new Set(delivered.map((job) => job.publicationId)).size;
  await waitFor(() => names300() === 300, { describe: () => `300 publications, not ${names300()}`, timeoutMs: 25_000 });
  await worker.close({ drainMs: 2000 });
  expect(delivered).toHaveLength(300);
});

function startWorker(connection: QueueConnection, delivered: QueuedPublication[], locks = shortLocks): PublishWorker {
  const handle = async (job: QueuedPublication): Promise<void> => void delivered.push(job);
  return startPublishWorker({ connection, platform, concurrency: 4, handle, onError: () => undefined, ...locks });
}

function jobFor(publicationId: string, options: Partial<PublishJobRequest> = {}): PublishJobRequest {
  return { platform, publicationId, generation: 1, delayMs: 0, priority: 0, ...options };
}

async function startOwnStore(kind: BackendKind): Promise<OwnStore> {
  if (kind === 'redis') {
    let redis = await startRedisServer();
    const { url, port } = redis;
    return {
      servers: { redisUrl: url },
      kill: () => redis.kill(),
      restart: async () => void (redis = await startRedisServer({ port })),
      [Symbol.asyncDispose]: () => redis.kill(),
    };
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'queue-store-'));
  await chmod(dataDir, 0o711);
  const start = () => startPostgresServer({ dataDir, durable: false, log: () => undefined });
  let server = await start();
  return {
    servers: { postgresUrl: server.url },
    async kill() {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
      await server.stop();
    },
    restart: async () => void (server = await start()),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await removePostgresData(dataDir);
    },
  };
}

/** A worker in a process of its own that takes a job and never ends it. */
function spawnWorker(kind: BackendKind, backend: TestBackend): ChildProcess {
  const script = `
    import pg from 'pg'
    import { connectQueue } from ${JSON.stringify(join(import.meta.dirname, 'connect-queue.ts'))}
    import { startPublishWorker } from ${JSON.stringify(join(import.meta.dirname, 'publish-worker.ts'))}
    const options = JSON.parse(process.argv[1])
    const logger = { info() {}, warn() {}, error() {} }
    const pool = new pg.Pool({ connectionString: options.databaseUrl })
    const connection = await connectQueue({ pool, logger, prefix: options.prefix, redisUrl: options.redisUrl })
    startPublishWorker({ connection, platform: options.platform, concurrency: 1, onError() {}, lockDurationMs: 1000, stalledIntervalMs: 500,
      handle: (job) => new Promise(() => console.log('holding p_' + job.publicationId + '_' + job.generation)) })
    console.log('started')`;
  const options = {
    databaseUrl: backend.databaseUrl,
    prefix: backend.prefix,
    platform,
    ...(kind === 'redis' ? { redisUrl: inject('redisUrl') } : {}),
  };
  return spawn(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(options)], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function nameOf({ publicationId, generation }: QueuedPublication): string {
  return `${publicationId}_${generation}`;
}
