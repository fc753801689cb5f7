import { DomainError } from '../../domain-error.ts';
import { type PublicationRow, stateOf } from '../../publishing/store/publication-row.ts';
import { transition } from '../../publishing/state/reducer.ts';

/**
 * The publications that an edit concerns: all but those that were called off before anything was sent.
 * @throws DomainError `already_publishing` when any of them can no longer be changed, or none is left
 */
export function requireEditable(rows: readonly PublicationRow[]): PublicationRow[] {
  const inPlay = rows.filter((row) => !isCalledOff(row));
  if (inPlay.length === 0) {
    throw new DomainError('already_publishing', 'The post was canceled; a duplicate of it can be edited.');
  }
  if (inPlay.some((row) => transition(stateOf(row), { type: 'edit' }, row.nowMs).kind === 'refused')) {
    throw new DomainError(
      'already_publishing',
      'A part of the post is on its way or has ended; a duplicate of it can be edited.',
    );
  }
  return inPlay;
}

/** Ended without a send: it stands in nobody's way. */
export function isCalledOff(row: PublicationRow): boolean {
  return (row.status === 'canceled' || row.status === 'skipped') && row.attempts === 0;
}
