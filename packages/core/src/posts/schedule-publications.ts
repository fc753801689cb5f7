import type { Transaction } from '@vibetribe/db/connect-database';
import { type PublicationRow, stateOf } from '../publishing/store/publication-row.ts';
import { transition } from '../publishing/state/reducer.ts';
import type { UserInput } from '../publishing/state/publication-input.ts';
import type { Moved } from '../publishing/state/transition.ts';
import { writeTransitions } from '../publishing/store/write-transitions.ts';
import { rowAfter } from './row-after.ts';

/** Schedules publications that this transaction holds and knows to be untouched; gives them back as written. */
export function schedulePublications(
  tx: Transaction,
  rows: readonly PublicationRow[],
  atMs: number,
): Promise<PublicationRow[]> {
  return moveHeld(tx, rows, { type: 'schedule', atMs });
}

/** Takes them off the schedule again. */
export function unschedulePublications(tx: Transaction, rows: readonly PublicationRow[]): Promise<PublicationRow[]> {
  return moveHeld(tx, rows, { type: 'unschedule' });
}

async function moveHeld(tx: Transaction, rows: readonly PublicationRow[], input: UserInput): Promise<PublicationRow[]> {
  const taken = rows.map((row): { row: PublicationRow; transition: Moved } => {
    const next = transition(stateOf(row), input, row.nowMs);
    if (next.kind === 'refused') throw new Error(`publication ${row.id} refused ${input.type}: ${next.reason}`);
    return { row, transition: next };
  });
  await writeTransitions(tx, taken);
  return taken.map(rowAfter);
}
