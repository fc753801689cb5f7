import { createTestDatabase } from '@vibetribe/testkit/test-database';
import {
  createPostgresBackend,
  type JobProgress,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
  Queue,
  runMigrations,
  Worker,
} from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { type Contender, createTally, dueAtOf, type Load } from './contenders.ts';
import { createPoster, type Poster } from './post-agent.ts';
import type { Servers } from './servers.ts';

interface Data {
  index: number;
}
type PostgresQueue = Queue<Data, void, string, Data, void, string, PostgresQueueBackend, PostgresConnectionOptions>;
type PostgresWorker = Worker<Data, void, string, PostgresQueueBackend, JobProgress, PostgresConnectionOptions>;
type Add = (jobs: { name: string; data: Data; opts: { delay: number; removeOnComplete: true } }[]) => Promise<unknown>;
type StartWorker = (handle: (job: { data: Data }) => Promise<void>) => { close(): Promise<void> };

/** BullMQ and a POST, nothing else: no rows, no intent, no outcome. It repeats what a dead worker had sent. */
export function bareBullmq(backend: 'redis' | 'postgres'): Contender {
  return {
    name: `bare BullMQ on ${backend}`,
    async run(servers, load) {
      await using stack = new AsyncDisposableStack();
      const poster = stack.adopt(createPoster(servers.target), (opened) => opened.close());
      const open = backend === 'redis' ? openOnRedis : openOnPostgres;
      const { add, startWorker } = await open(stack, servers, load);
      return await publishAll(load, poster, add, startWorker);
    },
  };
}

async function publishAll(load: Load, poster: Poster, add: Add, startWorker: StartWorker) {
  const nowMs = Date.now();
  const dueAtMs = (index: number) => dueAtOf(load, index, nowMs);
  const opts = (index: number) =>
    ({ delay: Math.max(0, dueAtMs(index) - Date.now()), removeOnComplete: true }) as const;
  await add(Array.from({ length: load.count }, (_, index) => ({ name: 'post', data: { index }, opts: opts(index) })));
  const tally = createTally(load.count, Math.max(Date.now(), nowMs + load.dueInMs));
  const worker = startWorker(async ({ data: { index } }) => {
    await poster.post(`Post ${index}`);
    tally.accepted(dueAtMs(index));
  });
  const result = await tally.result();
  await worker.close();
  return result;
}

async function openOnRedis(stack: AsyncDisposableStack, servers: Servers, { concurrency }: Load) {
  const connection = stack.adopt(new Redis(servers.redisUrl, { maxRetriesPerRequest: null }), (redis) =>
    redis.disconnect(),
  );
  const name = `bare-${Date.now()}`;
  const queue = stack.adopt(new Queue<Data, void, string, Data, void, string>(name, { connection }), (opened) =>
    opened.close(),
  );
  const add: Add = (jobs) => queue.addBulk(jobs);
  const startWorker: StartWorker = (handle) => new Worker<Data, void>(name, handle, { connection, concurrency });
  return { add, startWorker };
}

async function openOnPostgres(stack: AsyncDisposableStack, servers: Servers, { concurrency }: Load) {
  const database = stack.use(await createTestDatabase(servers.postgresUrl));
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await runMigrations(client);
  await client.end();
  const connection = { connectionString: database.url, max: 10 };
  const queue: PostgresQueue = new Queue('bare', { connection }, createPostgresBackend);
  stack.defer(() => queue.close());
  const add: Add = (jobs) => queue.addBulk(jobs);
  const startWorker: StartWorker = (handle): PostgresWorker =>
    new Worker('bare', handle, { connection, concurrency }, createPostgresBackend);
  return { add, startWorker };
}
