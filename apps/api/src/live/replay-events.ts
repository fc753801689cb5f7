import type { Database } from '@vibetribe/db/connect-database';
import { parseCursor, type EventCursor } from './event-cursor.ts';
import { messagesOf, type LiveMessage } from './event-message.ts';
import type { LiveConnection, OutgoingEvent } from './live-connection.ts';
import { isKept, readEvents } from './read-events.ts';

const pageMax = 200;

/**
 * Sends what the client missed since the event it names, or since its connection was opened, then lets it go live. The connection has been getting the feed's
 * events since before this began: whatever the feed had already passed on by then is behind every page's end.
 * A client whose event is no longer kept is told to start anew: `resync`.
 */
export async function replayEvents(
  db: Pick<Database, 'asTenant'>,
  connection: LiveConnection,
  { since, openedAt }: { readonly since: string | null; readonly openedAt: EventCursor },
): Promise<void> {
  const from = since === null ? openedAt : await keptCursor(db, connection, since);
  if (from === null) {
    connection.send({ type: 'resync' });
    connection.goLive();
    return;
  }
  let cursor = from;
  do {
    cursor = await replayToEnd(db, connection, cursor);
  } while (connection.takeOverflow());
  connection.goLive();
}

async function keptCursor(
  db: Pick<Database, 'asTenant'>,
  connection: LiveConnection,
  since: string,
): Promise<EventCursor | null> {
  const cursor = parseCursor(since);
  if (cursor === null) return null;
  return (await db.asTenant(connection.actor.organizationId, (tx) => isKept(tx, cursor))) ? cursor : null;
}

async function replayToEnd(
  db: Pick<Database, 'asTenant'>,
  connection: LiveConnection,
  from: EventCursor,
): Promise<EventCursor> {
  let cursor = from;
  for (;;) {
    const after = cursor;
    const page = await db.asTenant(connection.actor.organizationId, async (tx) => {
      const { events, hasMore } = await readEvents(tx, after, pageMax);
      return { messages: await messagesOf(tx, events), last: events.at(-1)?.cursor ?? after, hasMore };
    });
    for (const message of page.messages) await connection.replay(outgoing(message));
    cursor = page.last;
    if (!page.hasMore) return cursor;
  }
}

export function outgoing(message: LiveMessage): OutgoingEvent {
  return { ...message, text: JSON.stringify(message.message) };
}
