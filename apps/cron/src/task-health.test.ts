import { expect, test } from 'vitest';
import { createSchedule } from './schedule.ts';
import { overdueAfter, taskHealth } from './task-health.ts';

const hourly = [{ name: 'hourly', schedule: createSchedule('0 * * * *') }];
const at = (time: string) => new Date(`2026-11-22T${time}:00Z`);
const succeeded = (time: string) => ({
  task: 'hourly',
  lastSlot: at(time),
  outcome: 'done',
  succeededAt: at(time),
  overdueAt: overdueAfter(createSchedule('0 * * * *'), at(time)),
});

test.each([
  ['one of its times was missed', succeeded('10:00'), '11:59', '06:00', false],
  ['two of its times were missed', succeeded('10:00'), '12:03', '06:00', true],
  ['the process has just started and is catching up', succeeded('10:00'), '15:02', '15:00', false],
  ['it never succeeded since the process started, two times ago', undefined, '12:03', '09:30', true],
  ['it never succeeded, and the process started a time ago', undefined, '10:59', '09:30', false],
])('a task is overdue or not: %s', (_, state, now, startedAt, isOverdue) => {
  const states = state === undefined ? [] : [state];
  expect(taskHealth(hourly, states, { now: at(now), startedAt: at(startedAt) })).toMatchObject([
    { name: 'hourly', isOverdue },
  ]);
});

test.each([
  ['it has succeeded since its last time', succeeded('10:00'), '10:59', 0],
  ['its time was half an hour ago', succeeded('10:00'), '11:30', 1_800],
  ['it never succeeded: from its first time after the start on', undefined, '10:10', 600],
])('how long a task lags is told: %s', (_, state, now, lagSeconds) => {
  const [found] = taskHealth(hourly, state === undefined ? [] : [state], { now: at(now), startedAt: at('09:30') });
  expect(found?.lagSeconds).toBe(lagSeconds);
});
