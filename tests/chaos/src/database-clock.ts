import type { History } from './history.ts';

/** A claim that the clock's time allowed may be sent so much later. */
const sendMsMax = 60_000;

/** How far ahead the database's clock was, at most: around a moment, or ever. What it calls due is due. */
export function databaseAheadMs({ clockPeriods }: Pick<History, 'clockPeriods'>, atMs?: number): number {
  const ahead = clockPeriods.flatMap(({ fromMs, offsetMs }, index) => {
    const untilMs = clockPeriods[index + 1]?.fromMs ?? Infinity;
    return atMs === undefined || (fromMs <= atMs && atMs <= untilMs + sendMsMax) ? [offsetMs] : [];
  });
  return Math.max(0, ...ahead);
}
