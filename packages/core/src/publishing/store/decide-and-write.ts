import { queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { PublicationInput } from '../state/publication-input.ts';
import { type PublicationRow, publicationColumns, publicationRowColumns, stateOf } from './publication-row.ts';
import { transition } from '../state/reducer.ts';
import type { Moved, Transition } from '../state/transition.ts';
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
  const decided = await decideAndWrite(tx, await lockPublications(tx, ids), inputFor);
  return decided.flatMap(({ row, transition: taken }) => (taken === null ? [] : [{ row, transition: taken }]));
}

/**
 * The same for rows that the transaction holds locked already; an input of null leaves a row alone, and its transition is null.
 * @param explain changes what a transition says, before it is written
 */
export async function decideAndWrite(
  tx: Transaction,
  rows: readonly PublicationRow[],
  inputFor: (row: PublicationRow) => PublicationInput | null,
  explain: (moved: Moved) => Moved = (moved) => moved,
): Promise<{ readonly row: PublicationRow; readonly transition: Transition | null }[]> {
  const decided = rows.map((row) => {
    const input = inputFor(row);
    const taken = input === null ? null : transition(stateOf(row), input, row.nowMs);
    return { row, transition: taken?.kind === 'moved' ? explain(taken) : taken };
  });
  await writeTransitions(
    tx,
    decided.flatMap(({ row, transition: taken }) => (taken?.kind === 'moved' ? [{ row, transition: taken }] : [])),
  );
  return decided;
}

export async function lockPublications(tx: Transaction, ids: readonly string[]): Promise<PublicationRow[]> {
  if (ids.length === 0) return [];
  return queryRows(tx, publicationRowColumns)`
    select ${publicationColumns} from publications p where p.id = any(${sql.param(ids)}::text[]) order by p.id for update of p`;
}
