import { parseCursor, type EventCursor } from '@vibetribe/core/events/event-cursor';
import { isKept, readEvents, readPosition } from '@vibetribe/core/events/read-events';
import type { Database } from '@vibetribe/db/connect-database';
import { createSharedTurns } from '@vibetribe/resilience/shared-turns';
import { collapsePage, type ReadFrom } from './collapse-events.ts';
import { eachAlone, messagesOf } from './event-message.ts';
import { loggedFrame, type LoggedFrame } from './frame.ts';

export interface LogPage {
  readonly frames: readonly LoggedFrame[];
  /** Up to where the log was read. */
  readonly lastId: number;
  readonly hasMore: boolean;
  /** The clean-up has deleted some of what followed: what is missing cannot be told. */
  readonly hasHole: boolean;
}

/** Where a client stands when its connection opens. */
export interface LiveStart {
  /** What it says it knows, if anything. */
  readonly since: string | null;
  /** The id up to which the feed had passed the log on when the client saw its connection open. */
  readonly openedAtId: number;
}

/**
 * Reads the log for clients that were away. Those who wait for the same page share it; nobody is given one that was read before they asked, as the
 * feed may have passed on what came after it.
 */
export interface LogReader {
  /** `known`: what the client knows, if that is still good; `position`: the organization's last event as the connection opened. */
  start(organizationId: string, start: LiveStart): Promise<{ known: EventCursor | null; position: EventCursor }>;
  /** A publication's events are told together. */
  collapsed(organizationId: string, from: ReadFrom): Promise<LogPage>;
  /** Each event by itself, as it is told live. */
  alone(organizationId: string, fromId: number): Promise<LogPage>;
}

const pageMax = 200;
/** Reads of this process at a time, and of one organization: a thousand clients that come back leave the rest of the pool alone. */
const turnsAtOnce = { totalMax: 4, perOwnerMax: 2 };

export function createLogReader(db: Pick<Database, 'asTenant'>): LogReader {
  const turns = createSharedTurns<string>(turnsAtOnce);

  const readPage = (organizationId: string, from: ReadFrom, isCollapsed: boolean): Promise<LogPage> =>
    db.asTenant(organizationId, async (tx) => {
      const afterId = from.page?.fromId ?? from.id;
      const read = await readEvents(tx, { afterId, limit: pageMax, organizationId });
      const page = isCollapsed ? collapsePage(read, from) : { ...read, happenings: eachAlone(read.events) };
      return {
        frames: (await messagesOf(tx, page.happenings)).map(loggedFrame),
        lastId: read.events.at(-1)?.cursor.id ?? from.id,
        ...page,
        hasHole: afterId < read.cleanedTo,
      };
    });

  const page = (organizationId: string, from: ReadFrom, isCollapsed: boolean) =>
    turns.run(organizationId, JSON.stringify(['page', organizationId, from.id, from.page, isCollapsed]), () =>
      readPage(organizationId, from, isCollapsed),
    );

  const readStart = (organizationId: string, { since, openedAtId }: LiveStart) =>
    db.asTenant(organizationId, async (tx) => {
      const cursor = since === null ? null : parseCursor(since);
      const [isGood, position] = await Promise.all([
        cursor !== null && isKept(tx, cursor),
        readPosition(tx, organizationId, openedAtId),
      ]);
      return { known: isGood ? cursor : null, position };
    });

  return {
    start: (organizationId, start) =>
      turns.run(organizationId, JSON.stringify(['start', organizationId, start.since, start.openedAtId]), () =>
        readStart(organizationId, start),
      ),
    collapsed: (organizationId, from) => page(organizationId, from, true),
    alone: (organizationId, fromId) => page(organizationId, { id: fromId }, false),
  };
}
