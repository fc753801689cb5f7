import type { LoggedMessage } from '@vibetribe/contracts/live-message';
import { postStatusOf } from '@vibetribe/contracts/post-status';
import { formatCursor, type EventCursor } from '@vibetribe/core/events/event-cursor';
import type { LoggedEvent } from '@vibetribe/core/events/read-events';
import { readHiddenFrom } from '@vibetribe/core/notifications/hidden-from';
import { presentNotification } from '@vibetribe/core/notifications/list-notifications';
import { presentEvent } from '@vibetribe/core/posts/read/present-event';
import { presentPublication } from '@vibetribe/core/posts/read/present-publication';
import { publicationsOfPosts } from '@vibetribe/core/posts/store/publications-of-posts';
import type { PublicationRow } from '@vibetribe/core/publishing/store/publication-row';
import type { Transaction } from '@vibetribe/db/connect-database';
import { notifications } from '@vibetribe/db/schema/events';
import { inArray } from 'drizzle-orm';
import { analyticsRoom, organizationRoom, postRoom } from './rooms.ts';

/** What is told at once: an event, or all of a publication's, the last one last. */
export interface Happening {
  readonly cursor: EventCursor;
  readonly events: readonly [LoggedEvent, ...LoggedEvent[]];
}

/** What sockets get of a happening. `accountIds` are those it is about: a key limited to other accounts must not see it. */
export interface LiveMessage {
  readonly organizationId: string;
  /** Of its last event. */
  readonly eventId: number;
  readonly accountIds: readonly string[];
  /** Heard by those who are in one of these. */
  readonly rooms: readonly string[];
  /** Users who do not want it. */
  readonly hiddenFrom?: readonly string[];
  readonly message: LoggedMessage;
}

/** The messages for happenings, with the state as it is now. What clients are not told of has none. */
export async function messagesOf(tx: Transaction, happenings: readonly Happening[]): Promise<LiveMessage[]> {
  const lasts = happenings.map(({ events }) => events.at(-1) ?? events[0]);
  const publications = await publicationsOfPosts(tx, postsOf(lasts.filter(isAboutPost)));
  const notes = await notificationsById(
    tx,
    lasts.flatMap((event) => notificationIdOf(event) ?? []),
  );
  return happenings.flatMap((happening) => {
    const [first] = happening.events;
    const last = happening.events.at(-1) ?? first;
    const logged = { id: formatCursor(happening.cursor), at: last.at.toISOString() };
    const content = isAboutPost(last)
      ? postContent(happening, last, publications.get(last.postId ?? '') ?? [], logged)
      : otherContent(last, notes, logged);
    return content === null ? [] : [{ organizationId: last.organizationId, eventId: last.cursor.id, ...content }];
  });
}

/** Each event by itself, as it is told live. */
export function eachAlone(events: readonly LoggedEvent[]): Happening[] {
  return events.map((event) => ({ cursor: event.cursor, events: [event] }));
}

type Content = Pick<LiveMessage, 'accountIds' | 'rooms' | 'hiddenFrom' | 'message'>;
type Logged = Pick<LoggedMessage, 'id' | 'at'>;

function postContent(
  { events }: Happening,
  last: LoggedEvent,
  rows: readonly PublicationRow[],
  logged: Logged,
): Content | null {
  const { postId, publicationId } = last;
  if (postId === null) return null;
  const audience = { accountIds: rows.map((row) => row.accountId), rooms: [organizationRoom, postRoom(postId)] };
  const items = events.map((event) => presentEvent({ ...event, eventId: event.cursor.id }));
  const data = { postId, status: postStatusOf(rows), events: items };
  if (last.type === 'post.created') return { ...audience, message: { type: 'post-created', data, ...logged } };
  const row = rows.find((candidate) => candidate.id === publicationId);
  const publication = row === undefined ? {} : { publication: presentPublication(row) };
  const deleted = last.type === 'post.deleted' ? { deleted: true as const } : {};
  return {
    ...audience,
    message: { type: 'post-status-update', data: { ...data, ...publication, ...deleted }, ...logged },
  };
}

function otherContent(event: LoggedEvent, notes: ReadonlyMap<string, NotificationRow>, logged: Logged): Content | null {
  if (event.type === 'analytics.updated') {
    const { accountId, postId } = event.data;
    return {
      accountIds: typeof accountId === 'string' ? [accountId] : [],
      rooms: [analyticsRoom(null), ...(typeof postId === 'string' ? [analyticsRoom(postId)] : [])],
      message: { type: 'analytics-update', data: { ...event.data }, ...logged },
    };
  }
  const row = notes.get(notificationIdOf(event) ?? '');
  if (row === undefined) return null;
  const { accountId } = row.data;
  return {
    accountIds: [typeof accountId === 'string' ? accountId : wholeOrganization],
    rooms: [organizationRoom],
    hiddenFrom: row.hiddenFrom,
    message: { type: 'notification', data: presentNotification(row), ...logged },
  };
}

/** No account has this id: what is about none of them is not for a key that is limited to some, as in `GET /notifications`. */
const wholeOrganization = '';

function isAboutPost(event: LoggedEvent): boolean {
  return event.postId !== null && (event.type.startsWith('post.') || event.type.startsWith('publication.'));
}

function notificationIdOf({ type, data }: LoggedEvent): string | null {
  const id = type === 'notification.created' ? data['notificationId'] : null;
  return typeof id === 'string' ? id : null;
}

function postsOf(events: readonly LoggedEvent[]): Map<string, string> {
  return new Map(events.flatMap(({ organizationId, postId }) => (postId === null ? [] : [[postId, organizationId]])));
}

type NotificationRow = typeof notifications.$inferSelect & { readonly hiddenFrom: readonly string[] };

async function notificationsById(tx: Transaction, ids: readonly string[]): Promise<Map<string, NotificationRow>> {
  if (ids.length === 0) return new Map();
  const rows = await tx
    .select()
    .from(notifications)
    .where(inArray(notifications.id, [...ids]));
  const hiddenFrom = await readHiddenFrom(tx, [...new Set(rows.map(({ organizationId }) => organizationId))]);
  return new Map(rows.map((row) => [row.id, { ...row, hiddenFrom: hiddenFrom(row) }]));
}
