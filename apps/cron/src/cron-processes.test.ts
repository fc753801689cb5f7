import { cronTasks } from '@vibetribe/core/tasks/cron-tasks';
import { migrate } from '@vibetribe/db/migrate';
import { migrateQueue } from '@vibetribe/queue/migrate-queue';
import { notifyChannel } from '@vibetribe/queue/notify-channel';
import { spawnApp } from '@vibetribe/testkit/spawn-app';
import { createTestDatabase, templateDatabase } from '@vibetribe/testkit/test-database';
import { waitFor } from '@vibetribe/testkit/wait-for';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

const opened = new AsyncDisposableStack();
let databaseUrl = '';
let owner: pg.Pool;

beforeAll(async () => {
  const template = await templateDatabase(inject('postgresUrl'), 'cron', async (url) => {
    await migrate({ databaseUrl: url });
    const pool = new pg.Pool({ connectionString: url });
    await migrateQueue(pool);
    await pool.end();
  });
  databaseUrl = opened.use(await createTestDatabase(inject('postgresUrl'), { template })).url;
  owner = opened.adopt(new pg.Pool({ connectionString: databaseUrl, max: 2 }), (pool) => pool.end());
});
afterAll(() => opened.disposeAsync());

const environment = (extra: Record<string, string> = {}) => ({
  DATABASE_URL: databaseUrl,
  DB_POOL_MIN: '0',
  DB_POOL_MAX: '5',
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
  PORT: '0',
  ...extra,
});

test('two processes run each slot of a task once, stop cleanly on SIGTERM, and serve health and metrics', async () => {
  await owner.query(`
    create table runs (slot timestamptz);
    create function note_run() returns trigger language plpgsql security definer as $$
      begin insert into runs values (new.last_slot); return new; end $$;
    create trigger note_run after insert or update of last_slot on cron_runs for each row when (new.task = 'stalled-detection') execute function note_run();`);
  const env = environment({ CRON_STALLED_DETECTION: '* * * * * *' });
  await using starting = new AsyncDisposableStack();
  const start = async () => starting.use(await spawnApp({ app: 'cron', env, readyTimeoutMs: 60_000 }));
  const [first, second] = await Promise.all([start(), start()]);

  await waitFor(async () => Number((await owner.query('select 1 from runs')).rowCount) >= 5, {
    describe: 'five slots ran',
    timeoutMs: 60_000,
    intervalMs: 50,
  });
  const { rows } = await owner.query<{ runs: number }>('select count(*)::int as runs from runs group by slot');
  expect(rows.map(({ runs }) => runs)).toEqual(rows.map(() => 1));

  const skipped = /vibetribe_cron_runs_total\{task="stalled-detection",outcome="skipped",app="cron"\} [1-9]/;
  const metricsOf = async ({ port }: { port: number }) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  await waitFor(async () => skipped.test((await Promise.all([first, second].map(metricsOf))).join('\n')), {
    describe: 'one of them came second',
    timeoutMs: 30_000,
  });
  // Whoever only reads the metrics is told how each task stands.
  expect(await metricsOf(second)).toMatch(/vibetribe_cron_lag_seconds\{task="clean-up",app="cron"\} \d/);
  const health = await fetch(`http://127.0.0.1:${first.port}/health`);
  expect([health.status, await health.json()]).toMatchObject([200, { ok: true }]);

  for (const app of [first, second]) app.kill('SIGTERM');
  expect(await Promise.all([first.stopped, second.stopped])).toEqual([
    { code: 0, signal: null },
    { code: 0, signal: null },
  ]);
}, 150_000);

test.each(['2', '3'])(
  'a pool of %s connections is enough for all tasks at the same moment',
  async (poolMax) => {
    await owner.query('delete from cron_runs');
    const everySecond = Object.fromEntries(cronTasks.map(({ setting }) => [setting, '* * * * * *']));
    await using app = await spawnApp({
      app: 'cron',
      env: environment({ ...everySecond, DB_POOL_MAX: poolMax }),
      readyTimeoutMs: 60_000,
    });
    const done = async () => {
      const { rows } = await owner.query<{ task: string }>(`select task from cron_runs where succeeded_at is not null`);
      return rows.length === cronTasks.length;
    };
    await waitFor(done, { describe: 'every task to succeed', timeoutMs: 30_000, intervalMs: 50 });
    await owner.query('update cron_runs set succeeded_at = null');
    await waitFor(done, { describe: 'every task to succeed once more', timeoutMs: 30_000, intervalMs: 50 });
    app.kill('SIGTERM');
    expect(await app.stopped).toEqual({ code: 0, signal: null });
  },
  150_000,
);

test('what was missed while no process ran is caught up at the start, whatever clock took the last slot', async () => {
  await owner.query('delete from cron_runs');
  await owner.query(`insert into cron_runs (task, last_slot, finished_at, outcome)
    values ('clean-up', now() + interval '1 year', now(), 'done'), ('media-garbage', now() - interval '3 days', now(), 'done')`);
  await using _app = await spawnApp({ app: 'cron', env: environment(), readyTimeoutMs: 60_000 });
  const caughtUp = async () => {
    const { rows } = await owner.query(
      `select task from cron_runs where succeeded_at is not null and last_slot between now() - interval '1 day' and now()`,
    );
    return rows.length === cronTasks.length;
  };
  await waitFor(caughtUp, { describe: 'every task to have run', timeoutMs: 30_000 });

  const asked = new Date();
  await owner.query(`update cron_runs set requested_at = now(), succeeded_at = null where task = 'clean-up'`);
  await owner.query('select pg_notify($1, $2)', [notifyChannel('tasks'), '']);
  const hasRun = async () => {
    const { rows } = await owner.query<{ requested_at: Date | null; succeeded_at: Date | null }>(
      `select requested_at, succeeded_at from cron_runs where task = 'clean-up'`,
    );
    return rows[0]?.requested_at === null && (rows[0].succeeded_at ?? asked) > asked;
  };
  // Sooner than it would look by itself.
  await waitFor(hasRun, { describe: 'the task that was asked for', timeoutMs: 20_000 });
}, 100_000);

test('a bad configuration ends it at once with every fault and no value', async () => {
  const started = spawnApp({ app: 'cron', env: { CRON_CLEAN_UP: 'secret-value' } });
  const text = await started.then(
    () => '',
    (error: unknown) => String(error),
  );
  expect(text).toContain('DATABASE_URL: is missing');
  expect(text).toContain('CRON_CLEAN_UP');
  expect(text).not.toContain('secret-value');
});
