import { z } from 'zod';
import { JsonValue } from './json-value.ts';
import { EventType } from './event-type.ts';

export const TimelineItem = z.object({
  id: z.string(),
  at: z.iso.datetime({ offset: true }),
  type: EventType,
  publicationId: z.string().optional(),
  message: z.string(),
  data: z.record(z.string(), JsonValue),
  /** Of a wait that came again and again for the same reason: how often, and the last time. Absent: once. */
  count: z.int().min(2).optional(),
  lastAt: z.iso.datetime({ offset: true }).optional(),
});
export type TimelineItem = z.infer<typeof TimelineItem>;
