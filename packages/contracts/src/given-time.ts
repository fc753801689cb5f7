import { z } from 'zod';

const earliestMs = Date.parse('1970-01-01T00:00:00Z');
const latestMs = Date.parse('9999-12-31T23:59:59.999Z');

/** A time as a client gives it: ISO 8601 with an offset, one that a database and a calendar can keep. */
export const GivenTime = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 time with offset, such as 2030-01-31T09:00:00+01:00' })
  .refine((text) => isKept(Date.parse(text)), { error: 'must lie between the years 1970 and 9999' });

function isKept(timeMs: number): boolean {
  // What is no time at all has been told already.
  return Number.isNaN(timeMs) || (timeMs >= earliestMs && timeMs <= latestMs);
}
