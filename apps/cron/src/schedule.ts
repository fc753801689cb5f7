import { createTask, parse } from 'node-cron';

/** The times of a cron expression in UTC. */
export interface Schedule {
  readonly expression: string;
  /** The last one that is not after `at`; null where there is none within four years. */
  slotBefore(at: Date): Date | null;
  /** The first one after `at`. */
  slotAfter(at: Date): Date | null;
}

const dayMs = 86_400_000;
/** The 29th of February comes every four years, mostly. */
const daysMax = 8 * 366;

/** @throws Error for an expression that node-cron does not take */
export function createSchedule(expression: string): Schedule {
  const { second, minute, hour } = parse(expression);
  // Its days may be written in many ways: node-cron itself says whether one is meant.
  const matcher = createTask(expression, () => undefined, { timezone: 'UTC' });
  const timesOfDay = hour
    .flatMap((h) => minute.flatMap((m) => second.map((s) => ((h * 60 + m) * 60 + s) * 1_000)))
    .toSorted((one, other) => one - other);
  const [firstTime = 0] = timesOfDay;
  const hasSlots = (day: number) => matcher.match(new Date(day * dayMs + firstTime));

  const search = (at: Date, step: 1 | -1, isWanted: (slotMs: number) => boolean): Date | null => {
    const firstDay = Math.floor(at.getTime() / dayMs);
    for (let days = 0; days < daysMax; days += 1) {
      const day = firstDay + step * days;
      if (!hasSlots(day)) continue;
      const isSlot = (time: number) => isWanted(day * dayMs + time);
      const time = step === 1 ? timesOfDay.find(isSlot) : timesOfDay.findLast(isSlot);
      if (time !== undefined) return new Date(day * dayMs + time);
    }
    return null;
  };

  return {
    expression,
    slotBefore: (at) => search(at, -1, (slotMs) => slotMs <= at.getTime()),
    slotAfter: (at) => search(at, 1, (slotMs) => slotMs > at.getTime()),
  };
}
