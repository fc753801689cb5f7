import { parseCursor } from '@vibetribe/core/events/event-cursor';
import { isKept, readEvents } from '@vibetribe/core/events/read-events';
import type { Database } from '@vibetribe/db/connect-database';
import { messagesOf, type LiveMessage } from './event-message.ts';
import type { LiveConnection, OutgoingEvent } from './live-connection.ts';

const pageMax = 200;

/**
 * Sends what the client missed since the event it names, or since its connection was opened, then lets it go live. The connection has been getting the feed's
 * events since before this began: whatever the feed had already passed on by then is behind every page's end.
 * A client whose event is no longer kept is told to start anew: `resync`.
 */
export async function replayEvents(
  db: Pick<Database, 'asTenant'>,
  connection: LiveConnection,
  { since, openedAt }: { readonly since: string | null; readonly openedAt: number },
): Promise<void> {
  let position: number | null = since === null ? openedAt : await keptPosition(db, connection, since);
  do {
    if (position !== null) position = await replayToEnd(db, connection, position);
  } while (connection.takeOverflow());
  if (position === null) connection.send({ type: 'resync' });
  connection.goLive();
}

async function keptPosition(
  db: Pick<Database, 'asTenant'>,
  connection: LiveConnection,
  since: string,
): Promise<number | null> {
  const cursor = parseCursor(since);
  if (cursor === null) return null;
  return (await db.asTenant(connection.actor.organizationId, (tx) => isKept(tx, cursor))) ? cursor.id : null;
}

/** Answers the id of the last event sent; null when some that followed are no longer kept. */
async function replayToEnd(
  db: Pick<Database, 'asTenant'>,
  connection: LiveConnection,
  fromId: number,
): Promise<number | null> {
  let position = fromId;
  for (;;) {
    const after = position;
    const { organizationId } = connection.actor;
    const page = await db.asTenant(organizationId, async (tx) => {
      const read = { afterId: after, limit: pageMax, organizationId };
      const { events, hasMore, cleanedTo } = await readEvents(tx, read);
      return {
        messages: await messagesOf(tx, events),
        lastId: events.at(-1)?.cursor.id ?? after,
        hasMore,
        hasHole: after < cleanedTo,
      };
    });
    if (page.hasHole) return null;
    for (const message of page.messages) await connection.replay(outgoing(message));
    position = page.lastId;
    if (!page.hasMore) return position;
  }
}

export function outgoing(message: LiveMessage): OutgoingEvent {
  return { ...message, text: JSON.stringify(message.message) };
}
