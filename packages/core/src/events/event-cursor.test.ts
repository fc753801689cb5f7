import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatCursor, parseCursor } from './event-cursor.ts';

test('a position survives being written and read', () => {
  const cursor = fc.record({
    id: fc.nat({ max: 10 ** 15 - 1 }),
    check: fc.oneof(fc.nat({ max: 59_999_999 }), fc.constant(null)),
  });
  fc.assert(
    fc.property(cursor, (position) => {
      expect(parseCursor(formatCursor(position))).toEqual(position);
    }),
  );
});

test.each(['', '-', '1-', '-1', '1-2-3', '١-٢', '1-999999999', '9999999999999999', ' 1-1', '1e3', '0x1'])(
  '%j is no position',
  (text) => {
    expect(parseCursor(text)).toBeNull();
  },
);
