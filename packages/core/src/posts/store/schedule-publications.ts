import type { Transaction } from '@vibetribe/db/connect-database';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';
import type { UserInput } from '../../publishing/state/publication-input.ts';
import { decideAndWrite } from '../../publishing/store/decide-and-write.ts';
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
  const decided = await decideAndWrite(tx, rows, () => input);
  return decided.map(({ row, transition }) => {
    if (transition?.kind !== 'moved')
      throw new Error(`publication ${row.id} refused ${input.type}: ${transition?.reason}`);
    return rowAfter({ row, transition });
  });
}
