/** A page ends at its limit or at this size: a larger answer would keep a process and its client busy. */
const pageBytesMax = 1_000_000;

/**
 * The first `limit` of the rows, or fewer where they are large; at least one. Give one row more than the limit, so that it is known
 * whether there are more.
 */
export function cutPage<Row>(
  rows: readonly Row[],
  limit: number,
  bytesOf: (row: Row) => number = bytesAsJson,
): { items: Row[]; hasMore: boolean } {
  const items: Row[] = [];
  let bytes = 0;
  for (const row of rows.slice(0, limit)) {
    bytes += bytesOf(row);
    if (bytes > pageBytesMax && items.length > 0) break;
    items.push(row);
  }
  return { items, hasMore: items.length < rows.length };
}

function bytesAsJson(row: unknown): number {
  return Buffer.byteLength(JSON.stringify(row));
}
