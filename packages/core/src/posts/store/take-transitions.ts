import type { Transaction } from '@vibetribe/db/connect-database';
import type { UserInput } from '../../publishing/state/publication-input.ts';
import { decideAndWrite } from '../../publishing/store/decide-and-write.ts';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';
import { rowAfter } from './row-after.ts';

/**
 * Gives each publication of a locked post its input and writes what the state machine allowed; null leaves one alone.
 * @returns all rows as they stand now, and how many moved
 */
export async function takeTransitions(
  tx: Transaction,
  rows: readonly PublicationRow[],
  inputFor: (row: PublicationRow) => UserInput | null,
): Promise<{ readonly rows: readonly PublicationRow[]; readonly movedCount: number }> {
  const decided = await decideAndWrite(tx, rows, inputFor);
  return {
    rows: decided.map(({ row, transition }) => (transition === null ? row : rowAfter({ row, transition }))),
    movedCount: decided.filter(({ transition }) => transition?.kind === 'moved').length,
  };
}
