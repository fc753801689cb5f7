import type { Transaction } from '@vibetribe/db/connect-database';
import type { UserInput } from '../publishing/state/publication-input.ts';
import { type PublicationRow, stateOf } from '../publishing/store/publication-row.ts';
import { transition } from '../publishing/state/reducer.ts';
import { writeTransitions } from '../publishing/store/write-transitions.ts';
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
  const taken = rows.map((row) => {
    const input = inputFor(row);
    return { row, transition: input === null ? null : transition(stateOf(row), input, row.nowMs) };
  });
  const moved = taken.flatMap(({ row, transition: next }) =>
    next?.kind === 'moved' ? [{ row, transition: next }] : [],
  );
  await writeTransitions(tx, moved);
  return {
    rows: taken.map(({ row, transition: next }) => (next === null ? row : rowAfter({ row, transition: next }))),
    movedCount: moved.length,
  };
}
