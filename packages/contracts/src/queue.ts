import { z } from 'zod';
import { pageOf } from './page.ts';
import { PlatformId } from './platform-id.ts';
import { PublicationStatus } from './publication-status.ts';

const Timestamp = z.iso.datetime({ offset: true });

export const QueueJobState = z.enum(['waiting', 'prioritized', 'active', 'delayed', 'completed', 'failed']);
export type QueueJobState = z.infer<typeof QueueJobState>;

export const QueueCounts = z.record(QueueJobState, z.int());
export type QueueCounts = z.infer<typeof QueueCounts>;

/** A queue of the service, one a platform: `publish-<platform>`. */
export const QueueSummary = z.object({ name: z.string(), isPaused: z.boolean(), counts: QueueCounts });
export type QueueSummary = z.infer<typeof QueueSummary>;

export const QueueList = pageOf(QueueSummary).extend({
  statistics: z.object({ queues: z.int(), paused: z.int(), counts: QueueCounts }),
});
export type QueueList = z.infer<typeof QueueList>;

/** A job names publications and their generations, and nothing else. */
export const QueueJob = z.object({
  id: z.string(),
  state: z.union([QueueJobState, z.literal('unknown')]),
  data: z.object({ publications: z.array(z.object({ publicationId: z.string(), generation: z.int() })) }),
  priority: z.int(),
  delayMs: z.int(),
  addedAt: Timestamp,
  startedAt: Timestamp.nullable(),
  finishedAt: Timestamp.nullable(),
  failedReason: z.string().nullable(),
});
export type QueueJob = z.infer<typeof QueueJob>;

/** Moves a delayed job to so long from now. */
export const RescheduleJob = z.strictObject({
  delayMs: z
    .int()
    .min(0)
    .max(7 * 86_400_000),
});
export type RescheduleJob = z.infer<typeof RescheduleJob>;

export const CleanQueue = z.strictObject({
  state: z.enum(['completed', 'failed', 'waiting', 'prioritized', 'delayed']).default('completed'),
  /** Jobs that have been in the state for less are kept. */
  graceMs: z
    .int()
    .min(0)
    .max(365 * 86_400_000)
    .default(0),
  limit: z.int().min(1).max(10_000).default(1_000),
});
export type CleanQueue = z.infer<typeof CleanQueue>;

export const JobsMoved = z.object({ count: z.int() });
export type JobsMoved = z.infer<typeof JobsMoved>;

/** What was done for a publication: every send that began, by the database's own record. */
export const ProcessedPublication = z.object({
  publicationId: z.string(),
  platform: PlatformId,
  status: PublicationStatus,
  processed: z.boolean(),
  attempts: z.array(
    z.object({ number: z.int(), startedAt: Timestamp, endedAt: Timestamp.nullable(), outcome: z.string().nullable() }),
  ),
});
export type ProcessedPublication = z.infer<typeof ProcessedPublication>;

const SendsByOutcome = z.object({ total: z.int(), byOutcome: z.record(z.string(), z.int()) });

/** Sends that began, by what became of them; `open` for those without an outcome yet. */
export const ProcessedStats = z.object({ last1h: SendsByOutcome, last24h: SendsByOutcome });
export type ProcessedStats = z.infer<typeof ProcessedStats>;
