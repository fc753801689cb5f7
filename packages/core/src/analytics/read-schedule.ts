import type { MetricsSupport } from '@vibetribe/platforms/port/metrics';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** How often numbers are read, by the post's age: the younger, the more they change. */
const intervals = [
  { youngerThanMs: 6 * hourMs, everyMs: hourMs },
  { youngerThanMs: dayMs, everyMs: 3 * hourMs },
  { youngerThanMs: 3 * dayMs, everyMs: 12 * hourMs },
  { youngerThanMs: 7 * dayMs, everyMs: dayMs },
  { youngerThanMs: 90 * dayMs, everyMs: 7 * dayMs },
  { youngerThanMs: 365 * dayMs, everyMs: 30 * dayMs },
] as const;

/** So many readings without news double the wait: eight times as long at most. */
const doublingsMax = 3;

/**
 * How long after a reading a post is read again, ms; null: never, it is too old.
 * @param ageMs of the post at the reading
 * @param unchanged readings in a row that brought nothing new
 */
export function nextPostReadMs(
  { postDaysMax, postHoursMin = 0 }: Pick<MetricsSupport, 'postDaysMax' | 'postHoursMin'>,
  ageMs: number,
  unchanged: number,
): number | null {
  const interval = intervals.find(({ youngerThanMs }) => ageMs < youngerThanMs);
  if (interval === undefined) return null;
  const waitMs = Math.max(interval.everyMs * 2 ** Math.min(unchanged, doublingsMax), postHoursMin * hourMs);
  const leftMs = postDaysMax === null ? Infinity : postDaysMax * dayMs - ageMs;
  if (waitMs < leftMs) return waitMs;
  // Once more the day before its platform tells no more of it.
  const lastMs = leftMs - dayMs;
  return lastMs >= Math.max(dayMs, postHoursMin * hourMs) ? lastMs : null;
}

/** An account's own numbers are a day apart, whether they change or not: they make its curve. */
export const accountReadMs = dayMs;

/** After readings that failed on either side, ms: an hour, doubled by each further one, a day at most. */
export function retryReadMs(failures: number): number {
  return Math.min(dayMs, hourMs * 2 ** Math.min(Math.max(failures - 1, 0), 10));
}

/** A permission that is missing is asked about this seldom. */
export const deniedReadMs = 7 * dayMs;
