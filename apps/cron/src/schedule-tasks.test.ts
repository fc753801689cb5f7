import { createLogger } from '@vibetribe/observability/logger';
import { expect, test } from 'vitest';
import { createSchedule } from './schedule.ts';
import { scheduleTasks, type ScheduledRun, type ScheduleOptions } from './schedule-tasks.ts';

const logger = createLogger({ app: 'test', level: 'silent' });

function start(
  task: Omit<ScheduledRun, 'name' | 'schedule'> & { expression: string },
  options: Partial<ScheduleOptions> = {},
) {
  return scheduleTasks({
    tasks: [{ name: 'task', schedule: createSchedule(task.expression), run: task.run }],
    readTime: async () => new Date(),
    findOpen: async () => new Set(),
    findRequested: async () => new Set(),
    logger,
    ...options,
  });
}

test('a task runs at whole seconds by its schedule, one after the other, and disposing aborts it and waits for its end', async () => {
  const slots: (Date | 'requested')[] = [];
  let running = 0;
  let runningMax = 0;
  const told = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const scheduled = start({
    expression: '* * * * * *',
    async run(slot, signal) {
      slots.push(slot);
      running += 1;
      runningMax = Math.max(runningMax, running);
      signal.addEventListener('abort', () => told.resolve(), { once: true });
      if (slots.length === 2) await gate.promise;
      running -= 1;
    },
  });
  await expect.poll(() => slots.length, { timeout: 10_000 }).toBe(2);
  const disposed = scheduled[Symbol.asyncDispose]();
  await told.promise;
  expect(await Promise.race([disposed.then(() => 'disposed'), Promise.resolve('waits')])).toBe('waits');
  gate.resolve();
  await disposed;
  expect({ running, runningMax }).toEqual({ running: 0, runningMax: 1 });
  expect(slots.every((slot) => slot instanceof Date && slot.getTime() % 1_000 === 0)).toBe(true);
});

test('a task that throws is told of and comes again', async () => {
  let runs = 0;
  await using _scheduled = start({
    expression: '* * * * * *',
    async run() {
      runs += 1;
      throw new Error('broken');
    },
  });
  await expect.poll(() => runs, { timeout: 10_000 }).toBeGreaterThan(1);
});

test('what was missed while nothing ran is caught up at the start, once, for its last slot', async () => {
  const slots: string[] = [];
  let isOpen = true;
  await using _scheduled = start(
    {
      expression: '0 2 * * *',
      async run(slot) {
        slots.push(isoOf(slot));
        isOpen = false;
      },
    },
    {
      readTime: async () => new Date('2026-11-22T11:20:00Z'),
      findOpen: async (asked) => new Set(isOpen ? asked.map(({ task }) => task) : []),
      lookIntervalMs: 20,
    },
  );
  await expect.poll(() => slots.length).toBe(1);
  expect(slots).toEqual(['2026-11-22T02:00:00.000Z']);
});

test.each([
  ['a year ahead', '2025-11-22T10:00:30Z', '2025-11-22T10:00:00.000Z'],
  ['a year behind', '2099-11-22T10:00:30Z', '2099-11-22T10:00:00.000Z'],
])("a machine whose clock is %s takes the slots of the database's clock", async (_, now, wanted) => {
  const slots: string[] = [];
  await using _scheduled = scheduleTasks({
    tasks: [
      {
        name: 'task',
        schedule: { ...createSchedule('0 * * * *'), expression: '* * * * * *' },
        run: async (slot) => void slots.push(isoOf(slot)),
      },
    ],
    readTime: async () => new Date(now),
    findOpen: async () => new Set(),
    findRequested: async () => new Set(),
    logger,
  });
  await expect.poll(() => slots.length, { timeout: 10_000 }).toBeGreaterThan(0);
  expect(new Set(slots)).toEqual(new Set([wanted]));
});

test('what was asked for by hand begins when it is woken, and not beside a run that is under way', async () => {
  const slots: string[] = [];
  const gate = Promise.withResolvers<void>();
  let requested = new Set<string>();
  await using scheduled = start(
    {
      expression: '0 2 * * *',
      async run(slot) {
        slots.push(isoOf(slot));
        requested = new Set();
        await gate.promise;
      },
    },
    { findRequested: async () => requested, lookIntervalMs: 60_000 },
  );
  requested = new Set(['task']);
  scheduled.wake();
  await expect.poll(() => slots).toEqual(['requested']);
  requested = new Set(['task']);
  scheduled.wake();
  gate.resolve();
  await expect
    .poll(() => {
      scheduled.wake();
      return slots;
    })
    .toEqual(['requested', 'requested']);
});

function isoOf(slot: Date | 'requested'): string {
  return slot === 'requested' ? slot : slot.toISOString();
}
