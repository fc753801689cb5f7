import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { PublicationInput } from '../state/publication-input.ts';
import { type PublicationRow, publicationColumns, stateOf } from './publication-row.ts';
import { step } from '../state/reducer.ts';
import type { Step } from '../state/transition.ts';
import { writeSteps } from './write-transitions.ts';

export interface MovedPublication {
  readonly row: PublicationRow;
  readonly step: Step;
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
  const results = rows.map((row) => ({ row, step: step(stateOf(row), inputFor(row), row.nowMs) }));
  await writeSteps(
    tx,
    results.flatMap(({ row, step: taken }) => (taken.kind === 'moved' ? [{ row, step: taken }] : [])),
  );
  return results;
}

export async function lockPublications(tx: Transaction, ids: readonly string[]): Promise<PublicationRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await tx.execute<PublicationRow>(
    sql`select ${publicationColumns} from publications p where p.id = any(${sql.param(ids)}::text[]) order by p.id for update of p`,
  );
  return rows;
}
