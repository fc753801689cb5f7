import { z } from 'zod';

/** No count goes beyond: it stands for itself and everything more. */
export const countedMax = 10_000;
/** So many of the last ones tell how late they are. */
export const latestMax = 1_000;

const Count = z.int().min(0).max(countedMax);
/** Null where nothing was published in the last 24 hours. */
const Milliseconds = z.number().nullable();

export const SchedulerStats = z
  .object({
    scheduled: Count,
    /** Of the scheduled ones, those that are overdue included. */
    dueWithin: z.object({ '1m': Count, '1h': Count, '24h': Count }),
    publishing: Count,
    waiting: Count,
    retrying: Count,
    unconfirmed: Count,
    publishedLast24h: Count,
    failedLast24h: Count,
    latenessMs: z.object({ p50: Milliseconds, p95: Milliseconds, p99: Milliseconds }),
  })
  .describe(
    `Exact up to ${countedMax}; that number means so many or more. Lateness is that of the latest ${latestMax} publications of the last 24 hours.`,
  );
export type SchedulerStats = z.infer<typeof SchedulerStats>;
