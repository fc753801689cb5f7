import fc from 'fast-check';
import { createTask } from 'node-cron';
import { expect, test } from 'vitest';
import { createSchedule } from './schedule.ts';

test.each([
  ['0 * * * *', '2026-11-22T10:00:00.000Z', '2026-11-22T10:00:00.000Z', '2026-11-22T11:00:00.000Z'],
  ['0 * * * *', '2026-11-22T10:59:59.999Z', '2026-11-22T10:00:00.000Z', '2026-11-22T11:00:00.000Z'],
  ['0 2 * * *', '2026-11-22T01:00:00.000Z', '2026-11-21T02:00:00.000Z', '2026-11-22T02:00:00.000Z'],
  ['*/5 * * * *', '2026-01-01T00:03:00.000Z', '2026-01-01T00:00:00.000Z', '2026-01-01T00:05:00.000Z'],
  ['0 0 29 2 *', '2026-11-22T00:00:00.000Z', '2024-02-29T00:00:00.000Z', '2028-02-29T00:00:00.000Z'],
  ['30 15 2 1 * *', '2026-11-22T00:00:00.000Z', '2026-11-01T02:15:30.000Z', '2026-12-01T02:15:30.000Z'],
])('%s at %s: the slot before and the one after', (expression, at, before, after) => {
  const schedule = createSchedule(expression);
  expect(schedule.slotBefore(new Date(at))?.toISOString()).toBe(before);
  expect(schedule.slotAfter(new Date(at))?.toISOString()).toBe(after);
});

const Field = (max: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min: 2, max: 15 }).map((step) => `*/${step}`),
    fc.integer({ min: 0, max }).map(String),
    fc.tuple(fc.integer({ min: 0, max }), fc.integer({ min: 0, max })).map((pair) => pair.join(',')),
  );

test('a slot is a time that node-cron means, and there is none between it and the moment asked for', () => {
  fc.assert(
    fc.property(
      fc.tuple(Field(59), Field(23)).map(([minute, hour]) => `${minute} ${hour} * * *`),
      fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
      (expression, at) => {
        const matcher = createTask(expression, () => undefined, { timezone: 'UTC' });
        const schedule = createSchedule(expression);
        const before = schedule.slotBefore(at)?.getTime() ?? Number.NaN;
        const after = schedule.slotAfter(at)?.getTime() ?? Number.NaN;
        expect(before <= at.getTime() && at.getTime() < after).toBe(true);
        expect(matcher.match(new Date(before)) && matcher.match(new Date(after))).toBe(true);
        const minutesBetween = Math.min(200, (after - before) / 60_000 - 1);
        for (let minutes = 1; minutes <= minutesBetween; minutes += 1)
          expect(matcher.match(new Date(before + minutes * 60_000))).toBe(false);
      },
    ),
    { numRuns: 60 },
  );
});
