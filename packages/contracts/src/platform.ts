import { MediaRules } from '@vibetribe/media-rules/media-rules';
import { z } from 'zod';
import { PlatformId } from './platform-id.ts';

/** `open`: nothing is sent until it has proved healthy again; `half_open`: one publication is trying. */
export const BreakerState = z.enum(['closed', 'open', 'half_open']);
export type BreakerState = z.infer<typeof BreakerState>;

/** A platform and what it takes; on platforms of many servers the defaults, each server may have its own. */
export const Platform = z.object({
  id: PlatformId,
  displayName: z.string(),
  /** How accounts may be connected. */
  connect: z.object({ oauth: z.boolean(), manual: z.boolean() }),
  rules: z.object({
    text: z.object({ max: z.int(), countedAs: z.string(), required: z.boolean() }),
    media: MediaRules,
    /** Parts after the first; null where there are no threads. */
    thread: z.object({ partsMax: z.int() }).nullable(),
    requiredFields: z.array(z.string()),
    /** JSON Schema of a variant's `options`. */
    options: z.record(z.string(), z.unknown()),
  }),
  manualFields: z.array(z.object({ name: z.string(), label: z.string(), secret: z.boolean(), required: z.boolean() })),
  limits: z.array(z.object({ name: z.string(), limit: z.int() })),
  breaker: BreakerState,
});
export type Platform = z.infer<typeof Platform>;

/** One thing that an installation needs before accounts of a platform can be connected and posted to. */
export const DoctorCheck = z.object({
  name: z.string(),
  /** `unknown`: it cannot be told from here. */
  status: z.enum(['ok', 'warning', 'failed', 'unknown']),
  detail: z.string(),
  /** What to do about it. */
  action: z.string().optional(),
});
export type DoctorCheck = z.infer<typeof DoctorCheck>;

export const DoctorReport = z.object({ checks: z.array(DoctorCheck) });
export type DoctorReport = z.infer<typeof DoctorReport>;
