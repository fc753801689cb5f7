import { z } from 'zod';
import { pageOf } from './page.ts';

const Timestamp = z.iso.datetime({ offset: true });

/** Something that happens by the clock. `outcome`: of the last run that ended, or `running`; null before the first. */
export const Task = z.object({
  name: z.string(),
  /** Cron expression in UTC. */
  schedule: z.string(),
  /** So long one run may take. */
  deadlineSeconds: z.int(),
  /** The last time by its schedule that a run was for. */
  lastSlot: Timestamp.nullable(),
  startedAt: Timestamp.nullable(),
  finishedAt: Timestamp.nullable(),
  succeededAt: Timestamp.nullable(),
  outcome: z.enum(['running', 'done', 'failed']).nullable(),
  /** Failures in a row of the last slot. */
  failures: z.int(),
  /** It should have succeeded again by then. */
  overdueAt: Timestamp.nullable(),
  isOverdue: z.boolean(),
  /** When a run was asked for by hand that has not begun yet. */
  requestedAt: Timestamp.nullable(),
  /** What the last run that succeeded has counted. */
  detail: z.record(z.string(), z.unknown()).nullable(),
});
export type Task = z.infer<typeof Task>;

export const TaskList = pageOf(Task);
export type TaskList = z.infer<typeof TaskList>;
