import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { findFreePort } from '@vibetribe/postgres-server/free-port';
import { OperatorError } from '@vibetribe/observability/operator-error';
import { findRedisProgram } from '@vibetribe/testkit/find-redis-program';
import { startRedisServer } from '@vibetribe/testkit/redis-server';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { Redis } from 'ioredis';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { connectQueue } from './connect-queue.ts';
import { commandsSent } from './require-redis.ts';
import { createPublishQueue } from './publish-queue.ts';
import { startPublishWorker } from './publish-worker.ts';
import { quietLogger } from './test-backend.ts';

const pool = new pg.Pool({ connectionString: inject('postgresUrl'), max: 1 });

async function refusalOf(redisUrl: string): Promise<string> {
  const error = await connectQueue({ redisUrl, pool, logger: quietLogger }).then(
    (connection) => connection[Symbol.asyncDispose](),
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(OperatorError);
  return error instanceof OperatorError ? error.message : '';
}

test('a Redis Cluster is refused with the cause', async () => {
  const program = await findRedisProgram();
  const port = await findFreePort();
  const child = spawn(program, ['--port', String(port), '--cluster-enabled', 'yes', '--save', '', '--dir', '/tmp'], {
    stdio: 'ignore',
  });
  try {
    await waitFor(
      async () => {
        const client = new Redis(port, { lazyConnect: true, retryStrategy: () => null, enableReadyCheck: false });
        client.on('error', () => undefined);
        await client.connect();
        return (await client.ping().finally(() => client.disconnect())) === 'PONG';
      },
      { describe: 'the cluster node to answer' },
    );
    expect(await refusalOf(`redis://127.0.0.1:${port}/0`)).toContain('Redis Cluster');
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

test('a login that may not do what the queue does is refused with the rule that lets it', async () => {
  await using server = await startRedisServer();
  const admin = new Redis(server.url);
  const setUser = (...rules: string[]) => admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>app', ...rules);
  const url = server.url.replace('redis://', 'redis://app:app@');

  await setUser('~*', '&*', '+@all', '-@scripting');
  expect(await refusalOf(url)).toMatch(/eval/);
  await setUser('~*', '&*', '+@all', '-bzpopmin', '-publish');
  expect(await refusalOf(url)).toContain('may not run publish, bzpopmin');
  await setUser('~*', '&*', '+@all', '-zrem');
  expect(await refusalOf(url)).toContain('may not run zrem');
  await setUser('~other:*', '&*', '+@all');
  expect(await refusalOf(url)).toMatch(/NOPERM|may not run/);
  await setUser('~*', '&other:*', '+@all');
  expect(await refusalOf(url)).toContain('subscribe');
  await setUser('~*', '&*', '+@all', '-info');
  expect(await refusalOf(url)).toMatch(/info/i);
  expect(await refusalOf(server.url.replace('redis://', 'redis://app:wrong@'))).toContain('WRONGPASS');

  const rule = /ACL SETUSER <name> (.*)$/.exec(await refusalOf(server.url.replace('redis://', 'redis://app:wrong@')));
  await setUser(...(rule?.[1]?.replace('><password>', '>app').split(' ') ?? []));
  await using connection = await connectQueue({ redisUrl: url, pool, logger: quietLogger });
  const handled: string[] = [];
  const worker = startPublishWorker({
    connection,
    platform: 'x',
    concurrency: 1,
    handle: async ({ publicationId }) => void handled.push(publicationId),
    onError: () => undefined,
  });
  await createPublishQueue(connection).enqueue([
    { platform: 'x', publicationId: 'p', generation: 1, delayMs: 0, priority: 0 },
  ]);
  await waitFor(() => handled.length === 1, { describe: 'the job' });
  expect(await connection.health()).toMatchObject({ ok: true });
  await worker.close({ drainMs: 1_000 });
  admin.disconnect();
});

test('every command of the scripts that the queue and the limits run is asked about', async () => {
  const queue = dirname(dirname(createRequire(import.meta.url).resolve('bullmq')));
  const scripts = (await readdir(queue, { recursive: true })).filter((path) => /scripts\/[^/]+\.js$/.test(path));
  expect(scripts.length).toBeGreaterThan(30);
  const texts = await Promise.all(scripts.map((path) => readFile(join(queue, path), 'utf8')));
  const called = texts.flatMap((text) => [...text.matchAll(/(?:rcall|redis\.call)\(\s*["'](\w+)["']/g)]);
  const names = new Set(called.map(([, name = '']) => name.toLowerCase()));
  const asked = new Set(commandsSent.map((command) => command.split(' ')[0]));
  expect([...names].filter((name) => !asked.has(name))).toEqual([]);
  expect(names.size).toBeGreaterThan(40);
});

test('a Redis that removes jobs when its memory is full is told of at the start', async () => {
  await using server = await startRedisServer();
  const admin = new Redis(server.url);
  const warned: unknown[] = [];
  const logger = { ...quietLogger, warn: (fields: object) => void warned.push(fields) };
  const connect = () => connectQueue({ redisUrl: server.url, pool, logger });
  await (await connect())[Symbol.asyncDispose]();
  expect(warned).toEqual([]);
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await (await connect())[Symbol.asyncDispose]();
  expect(warned).toEqual([{ risk: expect.stringContaining('noeviction') }]);
  admin.disconnect();
});
