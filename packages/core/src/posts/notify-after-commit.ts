import type { Signals } from '../core-dependencies.ts';
import type { PublicationRow } from '../publishing/store/publication-row.ts';

/** How far ahead the dispatchers look; what is due later is a row and nothing else. */
const dispatchAheadMs = 10 * 60_000;

/** After a commit: clients are fed, and the dispatchers look if something is due soon. */
export function notifyAfterCommit(
  signals: Signals,
  written: readonly Pick<PublicationRow, 'dueAtMs' | 'nowMs'>[],
): void {
  signals.eventsCommitted();
  const isDueSoon = written.some(({ dueAtMs, nowMs }) => dueAtMs !== null && dueAtMs <= nowMs + dispatchAheadMs);
  if (isDueSoon) signals.dispatchSoon();
}
