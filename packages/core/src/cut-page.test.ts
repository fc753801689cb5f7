import { expect, test } from 'vitest';
import { cutPage } from './cut-page.ts';

const rowsOf = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, id) => ({ id, text: 'x'.repeat(bytes) }));

test.each([
  { rows: 3, bytes: 10, limit: 2, shown: 2, hasMore: true },
  { rows: 2, bytes: 10, limit: 2, shown: 2, hasMore: false },
  { rows: 0, bytes: 10, limit: 2, shown: 0, hasMore: false },
  { rows: 3, bytes: 400_000, limit: 10, shown: 2, hasMore: true },
  { rows: 2, bytes: 400_000, limit: 10, shown: 2, hasMore: false },
  { rows: 2, bytes: 4_000_000, limit: 10, shown: 1, hasMore: true },
  { rows: 1, bytes: 4_000_000, limit: 10, shown: 1, hasMore: false },
])('of $rows rows of $bytes bytes a page of $limit shows $shown', ({ rows, bytes, limit, shown, hasMore }) => {
  const page = cutPage(rowsOf(rows, bytes), limit);
  expect([page.items.map(({ id }) => id), page.hasMore]).toEqual([
    Array.from({ length: shown }, (_, id) => id),
    hasMore,
  ]);
});
