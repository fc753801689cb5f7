import { type SQL, sql } from 'drizzle-orm';

/** A point in time as the API writes it: `2026-03-01T12:00:00.000Z`. @param column a column's name, or an expression */
export function isoInstant(column: string | SQL): SQL {
  const instant = typeof column === 'string' ? sql.raw(column) : column;
  return sql`to_char(${instant} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
