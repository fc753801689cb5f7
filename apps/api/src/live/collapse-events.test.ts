import { formatCursor, parseCursor } from '@vibetribe/core/events/event-cursor';
import type { LoggedEvent } from '@vibetribe/core/events/read-events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collapsePage, type ReadFrom } from './collapse-events.ts';

const event = (id: number, publication: number | null): LoggedEvent => ({
  cursor: { id, check: id },
  organizationId: 'org_1',
  postId: 'pst_1',
  publicationId: publication === null ? null : `pub_${publication}`,
  type: publication === null ? 'post.edited' : 'publication.claimed',
  message: '',
  data: {},
  at: new Date(0),
});

const log = fc
  .array(fc.oneof(fc.nat(3), fc.constant(null)), { maxLength: 60 })
  .map((publications) => publications.map((publication, index) => event((index + 1) * 2, publication)));

/** As the database reads it. */
function read(events: readonly LoggedEvent[], from: ReadFrom, limit: number) {
  const after = events.filter(({ cursor }) => cursor.id > (from.page?.fromId ?? from.id));
  return { events: after.slice(0, limit), hasMore: after.length >= limit };
}

test('a client that is cut off again and again, anywhere, is told everything once', () => {
  fc.assert(
    fc.property(log, fc.integer({ min: 1, max: 12 }), fc.infiniteStream(fc.nat(8)), (events, limit, patience) => {
      const told: number[] = [];
      let since = '0';
      let isOver = false;
      while (!isOver) {
        // A connection: it resumes, and breaks before so many messages have come, or lasts.
        let messagesLeft = 1 + patience.next().value;
        const start = parseCursor(since);
        expect(start).not.toBeNull();
        let from: ReadFrom = start ?? { id: 0 };
        while (!isOver && messagesLeft > 0) {
          const page = collapsePage(read(events, from, limit), from);
          for (const happening of page.happenings.slice(0, messagesLeft)) {
            told.push(...happening.events.map(({ cursor }) => cursor.id));
            since = formatCursor(happening.cursor);
          }
          messagesLeft -= page.happenings.length;
          from = { id: page.lastId };
          isOver = messagesLeft >= 0 && !page.hasMore;
        }
      }
      expect(told.toSorted((one, other) => one - other)).toEqual(events.map(({ cursor }) => cursor.id));
    }),
  );
});

test('a publication is told of once a page, whatever else happened in between, with all that happened to it', () => {
  const events = [1, 2, 1, null, 2, 1].map((publication, index) => event(index + 1, publication));
  const { happenings } = collapsePage({ events, hasMore: false }, { id: 0 });
  expect(happenings.map((happening) => happening.events.map(({ cursor }) => cursor.id))).toEqual([
    [4],
    [2, 5],
    [1, 3, 6],
  ]);
  expect(happenings.map(({ cursor }) => formatCursor(cursor))).toEqual(['4-4-0-6', '5-5-0-6', '6-6']);
});
