import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { type SQL, sql } from 'drizzle-orm';
import { DomainError } from '../domain-error.ts';

const dayMs = 24 * 3_600_000;
const defaultDays = 30;
const daysMax = 366;

/** A period begins with `from` and ends before `to`. */
export interface Period {
  readonly from: Date;
  readonly to: Date;
}

/** The last 30 days where nothing else is said. @throws DomainError `validation_failed` */
export function periodOf(
  asked: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: Date,
): Period {
  const to = asked.to === undefined ? now : new Date(asked.to);
  const from = asked.from === undefined ? new Date(to.getTime() - defaultDays * dayMs) : new Date(asked.from);
  const path = asked.to === undefined ? 'from' : 'to';
  if (from >= to) throw refused(path, path === 'to' ? 'must be after from' : 'must be in the past');
  if (to.getTime() - from.getTime() > daysMax * dayMs) throw refused(path, `must be within ${daysMax} days`);
  return { from, to };
}

function refused(path: string, message: string): DomainError {
  return new DomainError('validation_failed', 'The period is not valid.', { errors: [{ path, message }] });
}

/**
 * Where the period before begins: as long as this one by the clocks of the time zone, so that days stand beside whole days though
 * the clocks were changed in one of the two.
 */
export async function readPreviousFrom(tx: Transaction, { from, to }: Period, timezone: string): Promise<Date> {
  const [begin, end] = [onClocks(from, timezone), onClocks(to, timezone)];
  const rows = await queryRows(tx, { atMs: column.number })`
    select (extract(epoch from (${begin} - (${end} - ${begin})) at time zone ${timezone}) * 1000)::float8 as "atMs"`;
  return new Date(rows[0]?.atMs ?? 2 * from.getTime() - to.getTime());
}

/** What clocks show there and then, as a `timestamp`. */
export function onClocks(at: Date, timezone: string): SQL {
  return sql`(${at.toISOString()}::timestamptz at time zone ${timezone})`;
}

/**
 * Runs what computes with a time zone by the database's own table of them.
 * @throws DomainError `validation_failed` for one that it does not know
 */
export async function withTimezone<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isUnknownTimezone(error)) throw error;
    throw new DomainError('validation_failed', 'The time zone is not known.', {
      errors: [{ path: 'timezone', message: 'must be an IANA time zone such as Europe/Berlin' }],
    });
  }
}

function isUnknownTimezone(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (Reflect.get(cause, 'code') === '22023') return true;
  return false;
}
