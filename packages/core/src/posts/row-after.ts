import type { PublicationRow } from '../publishing/store/publication-row.ts';
import type { Step } from '../publishing/state/transition.ts';

/** The row as it stands once the step is written. */
export function rowAfter({ row, step }: { readonly row: PublicationRow; readonly step: Step }): PublicationRow {
  if (step.kind === 'refused') return row;
  const { waiting, ...state } = step.state;
  return { ...row, ...state, waitingReason: waiting?.reason ?? null, waitingDetail: waiting?.detail ?? null };
}
