import { z } from 'zod';

/** Null where nothing was published in the last 24 hours. */
const Milliseconds = z.number().nullable();

export const SchedulerStats = z.object({
  scheduled: z.int(),
  /** Of the scheduled ones, those that are overdue included. */
  dueWithin: z.object({ '1m': z.int(), '1h': z.int(), '24h': z.int() }),
  publishing: z.int(),
  waiting: z.int(),
  retrying: z.int(),
  unconfirmed: z.int(),
  publishedLast24h: z.int(),
  failedLast24h: z.int(),
  latenessMs: z.object({ p50: Milliseconds, p95: Milliseconds, p99: Milliseconds }),
});
export type SchedulerStats = z.infer<typeof SchedulerStats>;
