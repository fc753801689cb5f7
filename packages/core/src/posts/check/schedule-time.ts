import { column, queryRows } from '@vibetribe/db/query-rows';
import type { FieldFault } from '@vibetribe/contracts/error-code';
import type { Transaction } from '@vibetribe/db/connect-database';

/** A request is on its way for a while, and clocks differ: less than this in the past counts as now. */
const pastToleranceMs = 60_000;
/** The last moment that ISO 8601 writes with four digits. */
const latestMs = Date.UTC(9999, 11, 31, 23, 59, 59);

/** The database's clock, the only one that decides what is due; ms since the epoch. */
export async function readDatabaseClock(tx: Transaction): Promise<number> {
  const rows = await queryRows(tx, {
    nowMs: column.number,
  })`select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"`;
  const [row] = rows;
  if (row === undefined) throw new Error('the database did not tell its clock');
  return row.nowMs;
}

export function scheduleFaults(atMs: number, nowMs: number): FieldFault[] {
  if (atMs < nowMs - pastToleranceMs) return [{ path: 'scheduledAt', message: 'must not lie in the past' }];
  if (atMs > latestMs) return [{ path: 'scheduledAt', message: 'must not be later than the year 9999' }];
  return [];
}
