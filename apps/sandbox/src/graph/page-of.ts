const limitMax = 100;

/** A page of a list, newest first, with cursors that are positions. https://developers.facebook.com/docs/graph-api/results */
export function pageOf<Row>(
  rows: readonly Row[],
  { limit, after }: Readonly<Record<string, string>>,
  view: (row: Row) => unknown,
): { data: unknown[]; paging?: object } {
  const size = Math.min(limitMax, Math.max(1, Number(limit ?? 25) || 25));
  const start = after === undefined ? 0 : Number(Buffer.from(after, 'base64url').toString()) || 0;
  const data = rows.slice(start, start + size).map(view);
  if (data.length === 0) return { data };
  const cursor = (at: number) => Buffer.from(String(at)).toString('base64url');
  const next = start + data.length;
  const cursors = { before: cursor(start), after: cursor(next) };
  return { data, paging: { cursors, ...(next < rows.length ? { next: `?after=${cursors.after}` } : {}) } };
}
