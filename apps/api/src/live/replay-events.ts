import { formatCursor } from '@vibetribe/core/events/event-cursor';
import type { ReadFrom } from './collapse-events.ts';
import type { LiveConnection } from './live-connection.ts';
import type { LiveStart, LogReader } from './log-reader.ts';

/**
 * Tells the client the position it resumes from; one that knows a position which is no longer kept, that it has to start anew: `resync`.
 * @returns from where it is to be told what it has missed
 */
export async function greetClient(log: LogReader, connection: LiveConnection, start: LiveStart): Promise<ReadFrom> {
  const { known, position } = await log.start(connection.actor().organizationId, start);
  connection.send({ type: 'hello', data: { position: formatCursor(known ?? position) } });
  if (start.since !== null && known === null) connection.send({ type: 'resync' });
  return known ?? { id: start.openedAtId };
}

/**
 * Sends what the client has missed, and lets it go live:
 * 1. The connection has been getting the feed's frames since before this began, and keeps them aside.
 * 2. The log is read from the client's position to its end: whatever the feed had passed on before 1. is behind that end.
 * 3. What was kept aside and is newer is sent; from then on frames are sent as they come.
 * Where the clean-up has deleted what followed the position, the client is told to start anew.
 */
export async function replayEvents(
  log: LogReader,
  connection: LiveConnection,
  from: ReadFrom,
  openedAtId: number,
): Promise<void> {
  if (!(await replayFrom(log, connection, from))) {
    connection.send({ type: 'resync' });
    await replayFrom(log, connection, { id: openedAtId });
  }
  connection.goLive();
}

/** False where events that followed are no longer kept. */
async function replayFrom(log: LogReader, connection: LiveConnection, from: ReadFrom): Promise<boolean> {
  let next = from;
  let hasMore = true;
  while (hasMore && connection.isOpen()) {
    const page = await log.collapsed(connection.actor().organizationId, next);
    if (page.hasHole) return false;
    await connection.replay(page.frames);
    next = { id: page.lastId };
    hasMore = page.hasMore || connection.takeOverflow();
  }
  return true;
}
