import { column, queryRows } from '@vibetribe/db/query-rows';
import type { CoreDependencies } from '../core-dependencies.ts';

export interface Stalled extends Readonly<Record<string, unknown>> {
  /** Due for more than two minutes, and no publisher holds or expects them. */
  readonly overdue: number;
  /** Held by a publisher whose lease ended more than two minutes ago. */
  readonly abandoned: number;
}

/**
 * A second pair of eyes: the publishers find what is due by themselves, so anything seen here means that they do not run or do not keep up.
 * Wakes their dispatchers.
 */
export async function runStalledDetection(deps: Pick<CoreDependencies, 'db' | 'logger' | 'signals'>): Promise<Stalled> {
  const stalled = await count(deps);
  if (stalled.overdue + stalled.abandoned > 0) {
    deps.logger.warn({ stalled }, 'publications are stalled: do publishers run?');
    deps.signals.dispatchSoon();
  }
  return stalled;
}

async function count(deps: Pick<CoreDependencies, 'db'>): Promise<{ overdue: number; abandoned: number }> {
  const rows = await deps.db.asWorker(
    (tx) =>
      queryRows(tx, { overdue: column.number, abandoned: column.number })`
      select
        (select count(*)::int from publications
          where due_at < statement_timestamp() - interval '2 minutes' and lease_until is null and enqueued_until is null)
        + (select count(*)::int from publications
          where enqueued_until < statement_timestamp() and lease_until is null and due_at < statement_timestamp() - interval '2 minutes') as overdue,
        (select count(*)::int from publications where lease_until < statement_timestamp() - interval '2 minutes') as abandoned`,
  );
  return rows[0] ?? { overdue: 0, abandoned: 0 };
}
