import type { PublicationRow } from '../../publishing/store/publication-row.ts';
import type { Transition } from '../../publishing/state/transition.ts';

/** The row as it stands once the transition is written. */
export function rowAfter({
  row,
  transition,
}: {
  readonly row: PublicationRow;
  readonly transition: Transition;
}): PublicationRow {
  if (transition.kind === 'refused') return row;
  const { waiting, ...state } = transition.state;
  return { ...row, ...state, waitingReason: waiting?.reason ?? null, waitingDetail: waiting?.detail ?? null };
}
