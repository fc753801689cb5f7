import { startRedisServer } from '@vibetribe/testkit/redis-server';
import { Redis } from 'ioredis';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { connectQueue } from './connect-queue.ts';
import { startPublishWorker } from './publish-worker.ts';
import { isConnectionLoss } from './store-error.ts';
import { waitFor } from '@vibetribe/testkit/wait-for';

test('a refused login to Redis is logged and reported without the password', async () => {
  await using redis = await startRedisServer();
  const admin = new Redis(redis.url);
  await admin.config('SET', 'requirepass', 'canary-password');
  const told: unknown[] = [];
  const logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (...args: unknown[]) => told.push(args),
    error: (...args: unknown[]) => told.push(args),
  };
  const pool = new pg.Pool({ connectionString: inject('postgresUrl') });
  const connection = await connectQueue({ pool, logger, redisUrl: redis.url.replace('//', '//:canary-password@') });
  const onError = (error: unknown): void => void told.push(error);
  // The password changes while the process runs: it was right at the start.
  await admin.config('SET', 'requirepass', 'another');
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  const worker = startPublishWorker({
    connection,
    platform: 'x',
    concurrency: 1,
    handle: () => Promise.resolve(),
    onError,
  });
  await waitFor(() => told.some((entry) => entry instanceof Error), {
    describe: 'an error of the worker',
    timeoutMs: 15_000,
  });

  expect(inspectAll([...told, await connection.health()])).not.toContain('canary-password');
  await worker.close({ drainMs: 100 });
  admin.disconnect();
  await connection[Symbol.asyncDispose]();
  await pool.end();
});

test('a login that is refused at the start is told without the password', async () => {
  await using redis = await startRedisServer();
  const admin = new Redis(redis.url);
  await admin.config('SET', 'requirepass', 'right');
  admin.disconnect();
  const pool = new pg.Pool({ connectionString: inject('postgresUrl') });
  const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const connecting = connectQueue({ pool, logger, redisUrl: redis.url.replace('//', '//:canary-password@') });
  const error: unknown = await connecting.then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toMatchObject({ name: 'OperatorError' });
  expect(inspectAll([error])).not.toContain('canary-password');
  await pool.end();
});

test.each([
  ['ECONNREFUSED', true],
  ['ECONNRESET', true],
  ['EPIPE', true],
  ['ENOENT', false],
])('a system error %s is a lost connection: %s', (code, isLost) => {
  expect(isConnectionLoss(Object.assign(new Error('text'), { code }))).toBe(isLost);
});

test.each([
  ['57P01', true],
  ['57P02', true],
  ['57P03', true],
  ['08006', true],
  ['40001', false],
  ['42P01', false],
  ['BM001', false],
])('SQLSTATE %s is a lost connection: %s', (code, isLost) => {
  const error = new pg.DatabaseError('text', 0, 'error');
  error.code = code;
  expect(isConnectionLoss(error)).toBe(isLost);
});

test('what pg throws for a connection that ended under a statement is a lost connection, a bug of ours is not', () => {
  expect(isConnectionLoss(new Error('Connection terminated unexpectedly'))).toBe(true);
  expect(isConnectionLoss(new TypeError('x is not a function'))).toBe(false);
  expect(isConnectionLoss('text')).toBe(false);
});

/** Everything a logger could print of it, hidden and nested properties too. */
function inspectAll(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value !== 'object' || value === null || seen.has(value)) return String(value);
  seen.add(value);
  return Object.getOwnPropertyNames(value)
    .map((name) => `${name}=${inspectAll(Reflect.get(value, name), seen)}`)
    .join('\n');
}
