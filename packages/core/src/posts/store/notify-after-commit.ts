import type { Signals } from '../../core-dependencies.ts';
import { enqueueSettings } from '../../publishing/dispatch/dispatch.ts';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';

/** After a commit: clients are fed, and the dispatchers look if something is due soon. */
export function notifyAfterCommit(
  signals: Signals,
  written: readonly Pick<PublicationRow, 'dueAtMs' | 'nowMs'>[],
): void {
  signals.eventsCommitted();
  const isDueSoon = written.some(
    ({ dueAtMs, nowMs }) => dueAtMs !== null && dueAtMs <= nowMs + enqueueSettings.lookAheadMs,
  );
  if (isDueSoon) signals.dispatchSoon();
}
