import { startRedisServer } from '@vibetribe/testkit/redis-server';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { describe, expect, test } from 'vitest';
import { createBus } from './bus.ts';
import { notifyChannel } from './notify-channel.ts';
import { backendKinds, openTestBackend, type TestBackend } from './test-backend.ts';

describe.each(backendKinds)('the bus on %s', (kind) => {
  test('a message reaches every subscriber of its channel in every process, in order, and no other', async () => {
    await using backend = await openTestBackend(kind);
    await using here = createBus(await backend.connect());
    await using there = createBus(await backend.connect());
    const heard: string[] = [];
    await here.subscribe('events', (payload) => heard.push(`here ${payload}`));
    await there.subscribe('events', (payload) => heard.push(`there ${payload}`));
    await there.subscribe('dispatch', (payload) => heard.push(`dispatch ${payload}`));
    for (const id of ['1', '2', '3']) await here.publish('events', id);
    await waitFor(() => heard.length >= 6, { describe: 'six messages' });
    expect(heard.filter((line) => line.startsWith('here'))).toEqual(['here 1', 'here 2', 'here 3']);
    expect(heard.filter((line) => line.startsWith('there'))).toEqual(['there 1', 'there 2', 'there 3']);
  });

  test('a subscriber that has left hears nothing more, the others do', async () => {
    await using backend = await openTestBackend(kind);
    await using bus = createBus(await backend.connect());
    const heard: string[] = [];
    const first = await bus.subscribe('events', (payload) => heard.push(`first ${payload}`));
    await bus.subscribe('events', (payload) => heard.push(`second ${payload}`));
    await first[Symbol.asyncDispose]();
    await bus.publish('events', '1');
    await waitFor(() => heard.length > 0, { describe: 'a message' });
    expect(heard).toEqual(['second 1']);
  });

  test('a payload over 4,096 bytes is refused', async () => {
    await using backend = await openTestBackend(kind);
    await using bus = createBus(await backend.connect());
    await expect(bus.publish('events', 'é'.repeat(2049))).rejects.toThrow(RangeError);
  });

  test('after a lost connection it says that messages may be missing, and hears again', async () => {
    await using redis = kind === 'redis' ? await startRedisServer() : null;
    await using backend = await openTestBackend(kind, redis === null ? {} : { redisUrl: redis.url });
    await using bus = createBus(await backend.connect());
    const heard: string[] = [];
    let gaps = 0;
    await bus.subscribe(
      'events',
      (payload) => heard.push(payload),
      () => void gaps++,
    );
    await bus.publish('events', 'before');
    await waitFor(() => heard.length === 1, { describe: 'the first message' });
    expect(gaps).toBe(0);

    await cutConnections(backend);
    await waitFor(() => gaps === 1, { describe: 'the gap' });
    await bus.publish('events', 'after');
    await waitFor(() => heard.length === 2, { describe: 'the message after the gap' });
    expect(heard).toEqual(['before', 'after']);
  });
});

test.each(backendKinds)('a connection to %s that is silently dead is given up, and the gap is told', async (kind) => {
  await using redis = kind === 'redis' ? await startRedisServer() : null;
  await using backend = await openTestBackend(kind, redis === null ? {} : { redisUrl: redis.url });
  const connection = await backend.connect();
  const warned: string[] = [];
  const logger = { ...connection.logger, warn: (_: object, message: string) => void warned.push(message) };
  await using bus = createBus({ ...connection, logger }, { intervalMs: 100, timeoutMs: 300 });
  const heard: string[] = [];
  let gaps = 0;
  await bus.subscribe(
    'events',
    (payload) => heard.push(payload),
    () => void gaps++,
  );

  const frozen = redis?.pid ?? (await sessionPid(backend));
  process.kill(frozen, 'SIGSTOP');
  try {
    if (kind === 'redis') await waitFor(() => warned.length > 0, { describe: 'the heartbeat that failed' });
    else await waitFor(() => gaps > 0, { describe: 'the gap' });
  } finally {
    process.kill(frozen, 'SIGCONT');
  }
  await waitFor(() => gaps > 0, { describe: 'the gap' });
  await bus.publish('events', 'after');
  await waitFor(() => heard.includes('after'), { describe: 'the message after the gap' });
  expect(heard).toEqual(['after']);
});

test('a transaction on PostgreSQL notifies by itself, at its commit', async () => {
  await using backend = await openTestBackend('postgres');
  await using bus = createBus(await backend.connect());
  const heard: string[] = [];
  await bus.subscribe('dispatch', (payload) => heard.push(payload));
  const client = await backend.pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_notify($1, $2)', [notifyChannel('dispatch'), 'in transaction']);
    await bus.publish('dispatch', 'outside');
    await waitFor(() => heard.length === 1, { describe: 'the message from outside' });
    await client.query('commit');
  } finally {
    client.release();
  }
  await waitFor(() => heard.length === 2, { describe: 'the message of the transaction' });
  expect(heard).toEqual(['outside', 'in transaction']);
});

async function cutConnections(backend: TestBackend): Promise<void> {
  const { store } = await backend.connect();
  if (store.kind === 'redis') await store.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  else {
    await backend.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like '%-bus' and pid <> pg_backend_pid()`,
    );
  }
}

/** The server process behind the bus's session. */
async function sessionPid(backend: TestBackend): Promise<number> {
  const { rows } = await backend.pool.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and application_name like '%-bus'`,
  );
  return rows[0]?.pid ?? 0;
}
