import type { EventCursor } from '@vibetribe/core/events/event-cursor';
import type { LoggedEvent } from '@vibetribe/core/events/read-events';
import type { Happening } from './event-message.ts';

/** Where to read on. */
export type ReadFrom = Pick<EventCursor, 'id' | 'page'>;

export interface CollapsedPage {
  readonly happenings: readonly Happening[];
  /** Up to where it goes. */
  readonly lastId: number;
  readonly hasMore: boolean;
}

/**
 * A page of one organization's log, as it is told to those who missed it: a publication's events together, in the place of the last one,
 * everything else by itself. A client that loses its connection in between resumes from the id of a happening. Some events before that
 * happening may be told only with later ones: then the id names the page too, and the client misses nothing and hears nothing twice.
 * @param read the events after `from.page.fromId`, or else after `from.id`
 */
export function collapsePage(
  read: { readonly events: readonly LoggedEvent[]; readonly hasMore: boolean },
  { id, page }: ReadFrom,
): CollapsedPage {
  const events = read.events.filter((event) => page === undefined || event.cursor.id <= page.toId);
  const toId = events.at(-1)?.cursor.id ?? id;
  const bounds = { fromId: page?.fromId ?? id, toId };
  const groups = groupsOf(events).filter(({ last }) => last.cursor.id > id);
  const happenings = groups.map(({ first, last, rest }, index): Happening => {
    const isHalfTold = groups.slice(index + 1).some((later) => later.first.cursor.id < last.cursor.id);
    return { cursor: isHalfTold ? { ...last.cursor, page: bounds } : last.cursor, events: [first, ...rest] };
  });
  return { happenings, lastId: Math.max(id, toId), hasMore: read.hasMore || events.length < read.events.length };
}

interface Group {
  readonly first: LoggedEvent;
  readonly rest: readonly LoggedEvent[];
  readonly last: LoggedEvent;
}

/** In the order of their last events. */
function groupsOf(events: readonly LoggedEvent[]): Group[] {
  return [...Map.groupBy(events, keyOf).values()]
    .flatMap(([first, ...rest]) => (first === undefined ? [] : [{ first, rest, last: rest.at(-1) ?? first }]))
    .toSorted((one, other) => one.last.cursor.id - other.last.cursor.id);
}

function keyOf({ publicationId, type, cursor }: LoggedEvent): string {
  return publicationId !== null && type.startsWith('publication.') ? publicationId : `event ${cursor.id}`;
}
