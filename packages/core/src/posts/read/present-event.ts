import type { EventType } from '@vibetribe/contracts/event-type';
import type { TimelineItem } from '@vibetribe/contracts/timeline';

/** An event as a timeline and a socket show it. */
export function presentEvent(event: {
  readonly eventId: number;
  readonly at: Date;
  readonly type: EventType;
  readonly publicationId: string | null;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}): TimelineItem {
  return {
    id: String(event.eventId),
    at: event.at.toISOString(),
    type: event.type,
    ...(event.publicationId === null ? {} : { publicationId: event.publicationId }),
    message: event.message,
    data: event.data as TimelineItem['data'],
  };
}
