import { z } from 'zod';
import { QueueSummary } from './queue.ts';

const HealthStatus = z.enum(['ok', 'unavailable']);

export const Health = z.object({ status: HealthStatus });
export type Health = z.infer<typeof Health>;

/** `detail` is one sentence for an operator. */
export const DependencyHealth = z.object({ ok: z.boolean(), latencyMs: z.number(), detail: z.string() });
export type DependencyHealth = z.infer<typeof DependencyHealth>;

/** For an operator. What could not be read is null. */
export const DetailedHealth = z.object({
  status: HealthStatus,
  dependencies: z.object({
    database: DependencyHealth,
    queue: DependencyHealth.extend({ kind: z.string() }),
    /** Where files are kept, and renditions. Below the reserve nothing is taken in. */
    disk: DependencyHealth.extend({
      freeBytes: z.number().optional(),
      totalBytes: z.number().optional(),
      reserveBytes: z.number().optional(),
    }),
  }),
  pool: z.object({ max: z.int(), total: z.int(), idle: z.int(), waiting: z.int() }),
  queues: z.array(QueueSummary).readonly().nullable(),
  breakers: z
    .array(
      z.object({
        key: z.string(),
        platform: z.string(),
        state: z.string(),
        failures: z.int(),
        retryAt: z.iso.datetime({ offset: true }).nullable(),
        lastSuccessAt: z.iso.datetime({ offset: true }).nullable(),
        lastFailureAt: z.iso.datetime({ offset: true }).nullable(),
      }),
    )
    .readonly()
    .nullable(),
  /** `writers`: the transactions that write events now, the oldest first; what is committed waits for those that began before it. */
  events: z
    .object({
      heldUpForMs: z.int(),
      writers: z
        .array(z.object({ pid: z.int(), application: z.string().nullable(), openForMs: z.number().nullable() }))
        .readonly(),
    })
    .nullable(),
});
export type DetailedHealth = z.infer<typeof DetailedHealth>;
