import type { EventType } from '@vibetribe/contracts/event-type';
import { postStatusOf } from '@vibetribe/contracts/post-status';
import type { WebhookEvent } from '@vibetribe/contracts/webhook';
import type { LoggedEvent } from '../events/read-events.ts';
import { presentEvent } from '../posts/read/present-event.ts';
import { presentPublication } from '../posts/read/present-publication.ts';
import type { PublicationRow } from '../publishing/store/publication-row.ts';

/**
 * The name under which a webhook is sent an event; null: it did not ask for it. One that asks for an event by several names gets it once,
 * under the timeline's.
 */
export function nameFor(type: EventType, asked: readonly WebhookEvent[]): string | null {
  const [kind] = type.split('.');
  if (asked.some((one) => one === type || one === `${kind}.*`)) return type;
  const name = socketNameOf(type);
  return name !== null && asked.includes(name) ? name : null;
}

/** What the WebSocket calls it; null where it does not tell it. */
function socketNameOf(
  type: EventType,
): 'post-created' | 'post-status-update' | 'notification' | 'analytics-update' | null {
  if (type === 'post.created') return 'post-created';
  if (type.startsWith('post.') || type.startsWith('publication.')) return 'post-status-update';
  if (type === 'notification.created') return 'notification';
  return type === 'analytics.updated' ? 'analytics-update' : null;
}

/**
 * The message: `{type, timestamp, sequence, data}`. About a post, `data` is as on the WebSocket, with the state at the time when the
 * message was made. A message that is tried again says what it said at first.
 * @param rows the publications of the event's post
 */
export function webhookMessage(
  event: LoggedEvent,
  {
    name,
    sequence,
    rows,
  }: { readonly name: string; readonly sequence: number; readonly rows: readonly PublicationRow[] },
): string {
  return JSON.stringify({ type: name, timestamp: event.at.toISOString(), sequence, data: dataOf(event, rows) });
}

function dataOf(event: LoggedEvent, rows: readonly PublicationRow[]): Readonly<Record<string, unknown>> {
  const item = presentEvent({ ...event, eventId: event.cursor.id });
  const { postId, publicationId } = event;
  if (postId === null) return { ...event.data, events: [item] };
  const row = rows.find(({ id }) => id === publicationId);
  return {
    postId,
    ...(rows.length === 0 ? {} : { status: postStatusOf(rows) }),
    ...(row === undefined ? {} : { publication: presentPublication(row) }),
    events: [item],
  };
}
