import type { NotificationTime, QuietHours } from '@vibetribe/contracts/notification';

const minuteMs = 60_000;
const dayMinutes = 24 * 60;
/** Of the daily message. */
export const dailyAt = '08:00';

/**
 * When a message goes out: at once or at the next daily time, and not in quiet hours.
 * @param collectMs how long what has the same cause is waited for
 */
export function sendTimeMs(
  time: Exclude<NotificationTime, 'off'>,
  {
    nowMs,
    collectMs,
    quietHours,
  }: { readonly nowMs: number; readonly collectMs: number; readonly quietHours: QuietHours | null },
): number {
  const timezone = quietHours?.timezone ?? 'UTC';
  if (time === 'daily') {
    const minutes = minutesUntil(minutesOf(dailyAt), localMinutes(nowMs, timezone)) || dayMinutes;
    return onTheClock(nowMs + minutes * minuteMs, dailyAt, timezone);
  }
  const atMs = nowMs + collectMs;
  if (quietHours === null) return atMs;
  const [at, from, to] = [localMinutes(atMs, timezone), minutesOf(quietHours.from), minutesOf(quietHours.to)];
  const isQuiet = minutesUntil(at, from) < minutesUntil(to, from);
  return isQuiet ? onTheClock(atMs + minutesUntil(to, at) * minuteMs, quietHours.to, timezone) : atMs;
}

/** The last daily time that is over. */
export function lastDailyMs(nowMs: number, timezone: string): number {
  const minutes = minutesUntil(localMinutes(nowMs, timezone), minutesOf(dailyAt));
  return onTheClock(nowMs - minutes * minuteMs, dailyAt, timezone);
}

/** Where the clocks were changed on the way to it: the moment at which they show this time; the moment given, where they never show it. */
function onTheClock(atMs: number, time: string, timezone: string): number {
  const missing = minutesUntil(minutesOf(time), localMinutes(atMs, timezone));
  const shownMs = atMs + (missing > dayMinutes / 2 ? missing - dayMinutes : missing) * minuteMs;
  return localMinutes(shownMs, timezone) === minutesOf(time) ? shownMs : atMs;
}

/** From one time of the day to another, forward. */
function minutesUntil(to: number, from: number): number {
  return (to - from + dayMinutes) % dayMinutes;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function localMinutes(atMs: number, timeZone: string): number {
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return minutesOf(clock.format(atMs));
}
