import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatCursor, parseCursor, type EventCursor } from './event-cursor.ts';

test('a position survives being written and read', () => {
  const id = fc.nat({ max: 10 ** 15 - 1 });
  const check = fc.nat({ max: 59_999_999 });
  const cursor: fc.Arbitrary<EventCursor> = fc.oneof(
    fc.record({ id, check: fc.oneof(check, fc.constant(null)) }),
    fc.tuple(fc.tuple(id, id, id), check).map(([ids, checked]) => {
      const [fromId, middle, toId] = ids.toSorted((one, other) => one - other);
      return { id: middle ?? 0, check: checked, page: { fromId: fromId ?? 0, toId: toId ?? 0 } };
    }),
  );
  fc.assert(
    fc.property(cursor, (position) => {
      expect(parseCursor(formatCursor(position))).toEqual(position);
    }),
  );
});

test.each([
  '',
  '-',
  '1-',
  '-1',
  '1-2-3',
  '5-2-6-7',
  '5-2-3-4',
  '5-2-3-7-8',
  '١-٢',
  '1-999999999',
  '9999999999999999',
  ' 1-1',
  '1e3',
  '0x1',
])('%j is no position', (text) => {
  expect(parseCursor(text)).toBeNull();
});
