import type { ServerMessage } from '@vibetribe/contracts/live-message';
import { postStatusOf } from '@vibetribe/contracts/post-status';
import { formatCursor, type EventCursor } from '@vibetribe/core/events/event-cursor';
import type { LoggedEvent } from '@vibetribe/core/events/read-events';
import { presentNotification } from '@vibetribe/core/notifications/list-notifications';
import { presentPublication } from '@vibetribe/core/posts/present-publication';
import { publicationColumns, type PublicationRow } from '@vibetribe/core/publishing/store/publication-row';
import type { Transaction } from '@vibetribe/db/connect-database';
import { notifications } from '@vibetribe/db/schema/events';
import { inArray, sql } from 'drizzle-orm';

/** What a socket may get of an event. `accountIds` are those it is about: a key limited to other accounts must not see it. */
export interface LiveMessage {
  readonly organizationId: string;
  readonly cursor: EventCursor;
  readonly accountIds: readonly string[];
  readonly message: ServerMessage;
}

/** The messages for events, with the state as it is now. An event that clients are not told of has none. */
export async function messagesOf(tx: Transaction, events: readonly LoggedEvent[]): Promise<LiveMessage[]> {
  const publications = await publicationsByPost(
    tx,
    events.filter(isAboutPost).flatMap((event) => event.postId ?? []),
  );
  const notes = await notificationsById(
    tx,
    events.flatMap((event) => notificationIdOf(event) ?? []),
  );
  return events.flatMap((event) => {
    const content = isAboutPost(event)
      ? postContent(event, publications.get(event.postId ?? '') ?? [])
      : notificationContent(notes.get(notificationIdOf(event) ?? ''));
    if (content === null) return [];
    const { accountIds, ...message } = content;
    const { organizationId, cursor, at } = event;
    return [
      { organizationId, cursor, accountIds, message: { ...message, id: formatCursor(cursor), at: at.toISOString() } },
    ];
  });
}

type Content = Pick<ServerMessage, 'type' | 'data'> & { accountIds: readonly string[] };

function postContent(event: LoggedEvent, rows: readonly PublicationRow[]): Content {
  const { postId, publicationId } = event;
  const status = postStatusOf(rows);
  const accountIds = rows.map((row) => row.accountId);
  if (event.type === 'post.created') return { type: 'post-created', data: { postId, status }, accountIds };
  const row = rows.find((candidate) => candidate.id === publicationId);
  const publication = row === undefined ? {} : { publication: presentPublication(row) };
  const deleted = event.type === 'post.deleted' ? { deleted: true } : {};
  return { type: 'post-status-update', data: { postId, status, ...publication, ...deleted }, accountIds };
}

function notificationContent(row: typeof notifications.$inferSelect | undefined): Content | null {
  if (row === undefined) return null;
  const { accountId } = row.data;
  return {
    type: 'notification',
    data: presentNotification(row),
    accountIds: typeof accountId === 'string' ? [accountId] : [],
  };
}

function isAboutPost(event: LoggedEvent): boolean {
  return event.postId !== null && (event.type.startsWith('post.') || event.type.startsWith('publication.'));
}

function notificationIdOf({ type, data }: LoggedEvent): string | null {
  const id = type === 'notification.created' ? data['notificationId'] : null;
  return typeof id === 'string' ? id : null;
}

async function publicationsByPost(tx: Transaction, postIds: readonly string[]): Promise<Map<string, PublicationRow[]>> {
  if (postIds.length === 0) return new Map();
  const { rows } = await tx.execute<PublicationRow>(
    sql`select ${publicationColumns} from publications p where p.post_id = any(${sql.param([...new Set(postIds)])}::text[]) order by p.id`,
  );
  return Map.groupBy(rows, (row) => row.postId);
}

async function notificationsById(tx: Transaction, ids: readonly string[]) {
  if (ids.length === 0) return new Map<string, typeof notifications.$inferSelect>();
  const rows = await tx
    .select()
    .from(notifications)
    .where(inArray(notifications.id, [...ids]));
  return new Map(rows.map((row) => [row.id, row]));
}
