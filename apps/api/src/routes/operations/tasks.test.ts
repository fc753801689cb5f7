import { cronTasks } from '@vibetribe/core/tasks/cron-tasks';
import { createBus } from '@vibetribe/queue/bus';
import { connectQueue } from '@vibetribe/queue/connect-queue';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../../test-api.ts';

let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'));
  key = await api.adminKey();
});
afterAll(() => api[Symbol.asyncDispose]());

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const tasksOf = async () => {
  const { json } = await api.call('GET', '/api/v1/tasks', { token: key });
  expect(json['nextCursor']).toBeNull();
  return json['items'] as { name: string }[];
};

test('a service admin sees every task and how each went', async () => {
  const [{ name } = { name: '' }] = cronTasks;
  await api.sql(
    `insert into cron_runs (task, schedule, last_slot, started_at, finished_at, outcome, detail, succeeded_at, overdue_at)
     values ($1, '*/7 * * * *', now(), now(), now(), 'done', '{"found": 2}', now(), now() + interval '1 hour')`,
    [name],
  );
  const tasks = await tasksOf();
  expect(tasks.map((task) => task.name)).toEqual(cronTasks.map((task) => task.name));
  expect(tasks[0]).toMatchObject({ schedule: '*/7 * * * *', outcome: 'done', isOverdue: false, detail: { found: 2 } });
  expect(tasks[1]).toMatchObject({ schedule: cronTasks[1]?.schedule, outcome: null, requestedAt: null, detail: null });
});

test('asks for a run, once until it begins, and cron is told', async () => {
  await using queue = await connectQueue({ pool: new pg.Pool({ connectionString: api.databaseUrl }), logger: quiet });
  await using bus = createBus(queue);
  let told = 0;
  await using _subscription = await bus.subscribe('tasks', () => void (told += 1));
  const first = await api.call('POST', '/api/v1/tasks/clean-up/run', { token: key });
  expect([first.status, first.json]).toMatchObject([202, { name: 'clean-up', requestedAt: expect.any(String) }]);
  const second = await api.call('POST', '/api/v1/tasks/clean-up/run', { token: key });
  expect(second.json['requestedAt']).toBe(first.json['requestedAt']);
  await expect.poll(() => told).toBeGreaterThan(0);
});

test('a task that does not exist is not found, and nobody but a service admin may ask', async () => {
  expect((await api.call('POST', '/api/v1/tasks/nothing/run', { token: key })).status).toBe(404);
  const { accessToken } = await api.register();
  expect((await api.call('GET', '/api/v1/tasks', { token: accessToken })).status).toBe(403);
  expect((await api.call('POST', '/api/v1/tasks/clean-up/run', { token: accessToken })).status).toBe(403);
});
