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
});
export type TimelineItem = z.infer<typeof TimelineItem>;
