import { createTestDatabase } from '@vibetribe/testkit/test-database';
import { Logger, run as runGraphile } from 'graphile-worker';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { type Contender, createTally, dueAtOf } from './contenders.ts';
import { createPoster } from './post-agent.ts';

/** pg-boss as its guide shows it: fetch, POST, complete. */
export const naivePgBoss: Contender = {
  name: 'naive pg-boss',
  async run(servers, load) {
    await using stack = new AsyncDisposableStack();
    const database = stack.use(await createTestDatabase(servers.postgresUrl));
    const poster = stack.adopt(createPoster(servers.target), (opened) => opened.close());
    const boss = new PgBoss({ connectionString: database.url, max: 10 });
    await boss.start();
    stack.defer(() => boss.stop({ graceful: false }));
    await boss.createQueue('posts');
    const nowMs = Date.now();
    await boss.insert(
      'posts',
      Array.from({ length: load.count }, (_, index) => ({
        data: { index },
        startAfter: new Date(dueAtOf(load, index, nowMs)),
      })),
    );
    const tally = createTally(load.count, Math.max(Date.now(), nowMs + load.dueInMs));
    await boss.work<{ index: number }>(
      'posts',
      { batchSize: load.concurrency, pollingIntervalSeconds: 0.5 },
      async (jobs) => {
        await Promise.all(
          jobs.map(async ({ data }) => {
            await poster.post(`post${data.index}`);
            tally.accepted(dueAtOf(load, data.index, nowMs));
          }),
        );
      },
    );
    return await tally.result();
  },
};

/** graphile-worker with its defaults and the same concurrency. */
export const naiveGraphile: Contender = {
  name: 'naive graphile-worker',
  async run(servers, load) {
    await using stack = new AsyncDisposableStack();
    const database = stack.use(await createTestDatabase(servers.postgresUrl));
    const poster = stack.adopt(createPoster(servers.target), (opened) => opened.close());
    const pool = stack.adopt(new pg.Pool({ connectionString: database.url, max: load.concurrency + 2 }), (opened) =>
      opened.end(),
    );
    const nowMs = Date.now();
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    const started = Promise.withResolvers<ReturnType<typeof createTally>>();
    const runner = await runGraphile({
      pgPool: pool,
      concurrency: load.concurrency,
      noHandleSignals: true,
      pollInterval: 100,
      logger: new Logger(() => () => undefined),
      taskList: {
        async post(payload) {
          const { index } = payload as { index: number };
          await poster.post(`post${index}`);
          (await started.promise).accepted(dueAtOf(load, index, nowMs));
        },
      },
    });
    stack.defer(() => runner.stop());
    await pool.query(
      `select graphile_worker.add_jobs(array(select row('post', null, json_build_object('index', i), $2::timestamptz, null, null, null, null)::graphile_worker.job_spec from generate_series(0, $1 - 1) as i))`,
      [load.count, new Date(nowMs + load.dueInMs)],
    );
    started.resolve(createTally(load.count, Math.max(Date.now(), nowMs + load.dueInMs)));
    return await (await started.promise).result();
  },
};
