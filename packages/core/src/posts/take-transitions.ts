import type { Transaction } from '@vibetribe/db/connect-database';
import type { UserInput } from '../publishing/state/publication-input.ts';
import { type PublicationRow, stateOf } from '../publishing/store/publication-row.ts';
import { step } from '../publishing/state/reducer.ts';
import { writeSteps } from '../publishing/store/write-transitions.ts';
import { rowAfter } from './row-after.ts';

/**
 * Gives each publication of a locked post its input and writes what the state machine allowed; null leaves one alone.
 * @returns all rows as they stand now, and how many moved
 */
export async function takeSteps(
  tx: Transaction,
  rows: readonly PublicationRow[],
  inputFor: (row: PublicationRow) => UserInput | null,
): Promise<{ readonly rows: readonly PublicationRow[]; readonly movedCount: number }> {
  const taken = rows.map((row) => {
    const input = inputFor(row);
    return { row, step: input === null ? null : step(stateOf(row), input, row.nowMs) };
  });
  const moved = taken.flatMap(({ row, step: next }) => (next?.kind === 'moved' ? [{ row, step: next }] : []));
  await writeSteps(tx, moved);
  return {
    rows: taken.map(({ row, step: next }) => (next === null ? row : rowAfter({ row, step: next }))),
    movedCount: moved.length,
  };
}
