import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lastDailyMs, sendTimeMs } from './send-time.ts';

const at = (time: string) => Date.parse(`2031-03-10T${time}:00Z`);
const night = { from: '22:00', to: '07:00', timezone: 'UTC' };

test.each([
  ['by day, at once', '12:00', night, '2031-03-10T12:00:00.000Z'],
  ['in the evening, in the morning', '23:30', night, '2031-03-11T07:00:00.000Z'],
  ['after midnight, the same morning', '00:10', night, '2031-03-10T07:00:00.000Z'],
  ['at the end of the night, at once', '07:00', night, '2031-03-10T07:00:00.000Z'],
  ['in a nap', '13:10', { from: '13:00', to: '14:00', timezone: 'UTC' }, '2031-03-10T14:00:00.000Z'],
  ['in the night of another place', '12:00', { ...night, timezone: 'Asia/Tokyo' }, '2031-03-10T12:00:00.000Z'],
  ['in the evening of another place', '14:00', { ...night, timezone: 'Asia/Tokyo' }, '2031-03-10T22:00:00.000Z'],
  ['with hours that are none', '12:00', { from: '08:00', to: '08:00', timezone: 'UTC' }, '2031-03-10T12:00:00.000Z'],
  ['without quiet hours', '03:00', null, '2031-03-10T03:00:00.000Z'],
])('%s', (_name, time, quietHours, wanted) => {
  expect(new Date(sendTimeMs('now', { nowMs: at(time), collectMs: 0, quietHours })).toISOString()).toBe(wanted);
});

test('the daily message goes out at eight, there, and always later than now', () => {
  const daily = (time: string, timezone: string) =>
    new Date(sendTimeMs('daily', { nowMs: at(time), collectMs: 0, quietHours: { ...night, timezone } })).toISOString();
  expect(daily('07:59', 'UTC')).toBe('2031-03-10T08:00:00.000Z');
  expect(daily('08:00', 'UTC')).toBe('2031-03-11T08:00:00.000Z');
  expect(daily('12:00', 'Asia/Tokyo')).toBe('2031-03-10T23:00:00.000Z');
  expect(new Date(lastDailyMs(at('12:00'), 'UTC')).toISOString()).toBe('2031-03-10T08:00:00.000Z');
  expect(new Date(lastDailyMs(at('07:00'), 'UTC')).toISOString()).toBe('2031-03-09T08:00:00.000Z');
});

test('on the days when the clocks are changed it is eight there too, and the night ends as they show it', () => {
  const quietHours = { ...night, timezone: 'Europe/Berlin' };
  const from = (time: 'daily' | 'now', now: string) =>
    new Date(sendTimeMs(time, { nowMs: Date.parse(now), collectMs: 0, quietHours })).toISOString();
  expect(from('daily', '2031-03-29T12:00:00Z')).toBe('2031-03-30T06:00:00.000Z');
  expect(from('daily', '2031-10-25T12:00:00Z')).toBe('2031-10-26T07:00:00.000Z');
  expect(from('now', '2031-03-29T22:30:00Z')).toBe('2031-03-30T05:00:00.000Z');
  expect(from('now', '2031-10-25T21:30:00Z')).toBe('2031-10-26T06:00:00.000Z');
  const last = (now: string) => new Date(lastDailyMs(Date.parse(now), 'Europe/Berlin')).toISOString();
  expect(last('2031-03-30T02:00:00Z')).toBe('2031-03-29T07:00:00.000Z');
  expect(last('2031-10-26T03:00:00Z')).toBe('2031-10-25T06:00:00.000Z');
});

test('an end of the night that the clocks leave out that day is passed', () => {
  const quietHours = { from: '22:00', to: '02:30', timezone: 'Europe/Berlin' };
  const sentMs = sendTimeMs('now', { nowMs: Date.parse('2031-03-29T22:30:00Z'), collectMs: 0, quietHours });
  expect(new Date(sentMs).toISOString()).toBe('2031-03-30T01:30:00.000Z');
});

test('nothing waits longer than a day, and nothing goes out in quiet hours', () => {
  const time = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
  fc.assert(
    fc.property(time, time, time, (from, to, now) => {
      const quietHours = { from, to, timezone: 'UTC' };
      const sentMs = sendTimeMs('now', { nowMs: at(now), collectMs: 0, quietHours });
      expect(sentMs - at(now)).toBeLessThan(86_400_000);
      expect(sendTimeMs('now', { nowMs: sentMs, collectMs: 0, quietHours })).toBe(sentMs);
    }),
  );
});
