import { queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { PublicationInput } from '../state/publication-input.ts';
import { type PublicationRow, publicationColumns, publicationRowColumns, stateOf } from './publication-row.ts';
import { transition } from '../state/reducer.ts';
import type { Transition } from '../state/transition.ts';
import { writeTransitions } from './write-transitions.ts';

export interface MovedPublication {
  readonly row: PublicationRow;
  readonly transition: Transition;
}

/**
 * Locks the publications, lets the state machine decide on each by the database's clock, and writes what it decided.
 * An id that does not exist (or is another tenant's) is missing from the answer. Rows are locked in id order, so movers cannot deadlock.
 */
export async function movePublications(
  tx: Transaction,
  ids: readonly string[],
  inputFor: (row: PublicationRow) => PublicationInput,
): Promise<MovedPublication[]> {
  const rows = await lockPublications(tx, ids);
  const results = rows.map((row) => ({ row, transition: transition(stateOf(row), inputFor(row), row.nowMs) }));
  await writeTransitions(
    tx,
    results.flatMap(({ row, transition: taken }) => (taken.kind === 'moved' ? [{ row, transition: taken }] : [])),
  );
  return results;
}

export async function lockPublications(tx: Transaction, ids: readonly string[]): Promise<PublicationRow[]> {
  if (ids.length === 0) return [];
  return queryRows(tx, publicationRowColumns)`
    select ${publicationColumns} from publications p where p.id = any(${sql.param(ids)}::text[]) order by p.id for update of p`;
}
