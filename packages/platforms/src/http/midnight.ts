const hourMs = 3_600_000;

/** When the next day begins in a time zone; days there have 23 to 25 hours. */
export function midnightMs(now: Date, timeZone: string): number {
  const today = dayIn(now, timeZone);
  // The first hour that is of another day, then the minute before it: midnight is on a minute.
  let at = now.getTime() - (now.getTime() % hourMs);
  while (dayIn(new Date(at), timeZone) === today) at += hourMs;
  while (dayIn(new Date(at - minuteMs), timeZone) !== today) at -= minuteMs;
  return at;
}

const minuteMs = 60_000;

/** The day there, `2026-11-22`. */
export function dayIn(now: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(now);
}
