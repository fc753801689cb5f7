import { z } from 'zod';
import { invalid } from './answers.ts';

const PageQuery = z.object({
  page_size: z.coerce.number().int().min(1).max(250).default(25),
  bookmark: z.string().optional(),
});

/** A page and the bookmark of the next one. @throws {RefusalError} 400 */
export function pageOf<Row, View>(rows: readonly Row[], query: unknown, view: (row: Row) => View) {
  const parsed = PageQuery.safeParse(query);
  if (!parsed.success) throw invalid('page_size must be between 1 and 250');
  const { page_size: size, bookmark } = parsed.data;
  const from = bookmark === undefined ? 0 : Number(Buffer.from(bookmark, 'base64url').toString());
  if (!Number.isInteger(from) || from < 0) throw invalid('the bookmark is not valid');
  const end = from + size;
  const next = end < rows.length ? Buffer.from(String(end)).toString('base64url') : null;
  return { items: rows.slice(from, end).map(view), bookmark: next };
}
