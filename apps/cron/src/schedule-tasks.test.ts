import { createLogger } from '@vibetribe/observability/logger';
import { expect, test, vi } from 'vitest';
import { scheduleTasks } from './schedule-tasks.ts';

const logger = createLogger({ app: 'test', level: 'silent' });

test('a task runs at whole seconds by its schedule, one after the other, and disposing waits for the one that runs', async () => {
  const slots: Date[] = [];
  let running = 0;
  let runningMax = 0;
  const gate = Promise.withResolvers<void>();
  const scheduled = scheduleTasks(
    [
      {
        name: 'health-check',
        expression: '* * * * * *',
        async run(slot) {
          slots.push(slot);
          running += 1;
          runningMax = Math.max(runningMax, running);
          if (slots.length === 2) await gate.promise;
          running -= 1;
        },
      },
    ],
    logger,
  );
  await expect.poll(() => slots.length, { timeout: 5_000 }).toBe(2);
  const disposed = scheduled[Symbol.asyncDispose]();
  expect(await Promise.race([disposed.then(() => 'disposed'), Promise.resolve('waits')])).toBe('waits');
  gate.resolve();
  await disposed;
  expect({ running, runningMax }).toEqual({ running: 0, runningMax: 1 });
  expect(slots.every((slot) => slot.getTime() % 1_000 === 0)).toBe(true);
});

test('a task that throws is told of and comes again', async () => {
  let runs = 0;
  await using _scheduled = scheduleTasks(
    [
      {
        name: 'clean-up',
        expression: '* * * * * *',
        async run() {
          runs += 1;
          throw new Error('broken');
        },
      },
    ],
    logger,
  );
  await expect.poll(() => runs, { timeout: 5_000 }).toBeGreaterThan(1);
});

test('a task whose time was slept through runs when the machine wakes, for the slot that was missed last', async () => {
  vi.useFakeTimers({ now: new Date('2026-11-22T08:59:30Z') });
  const slots: string[] = [];
  const scheduled = scheduleTasks(
    [{ name: 'token-refresh', expression: '0 * * * *', run: async (slot) => void slots.push(slot.toISOString()) }],
    logger,
  );
  vi.setSystemTime(new Date('2026-11-22T11:20:00Z'));
  await vi.advanceTimersByTimeAsync(31_000);
  vi.useRealTimers();
  await scheduled[Symbol.asyncDispose]();
  expect(slots).toEqual(['2026-11-22T11:00:00.000Z']);
});
