import { column, queryRows } from '@vibetribe/db/query-rows';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import type { ProcessedStats } from '@vibetribe/contracts/queue';
import { sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { requireRight } from '../identity/authorize.ts';

/** Counts the sends of the last hour and day of all organizations since the record was cleared. @throws DomainError `forbidden` */
export async function getProcessedStats(deps: Pick<CoreDependencies, 'db'>, actor: Actor): Promise<ProcessedStats> {
  requireRight(actor, 'service:manage');
  const rows = await deps.db.asWorker(
    (tx) =>
      queryRows(tx, { outcome: column.text, lastHour: column.number, lastDay: column.number })`
      select coalesce(outcome, 'open') as outcome, count(*)::int as "lastDay",
        (count(*) filter (where started_at > now() - interval '1 hour'))::int as "lastHour"
      from attempts
      where platform = any(${sql.param([...PlatformId.options])}::text[]) and started_at > now() - interval '24 hours'
        and started_at > coalesce((select cleared_at from processed_record), '-infinity') group by 1`,
  );
  const countOf = (read: (row: (typeof rows)[number]) => number) => ({
    total: rows.reduce((sum, row) => sum + read(row), 0),
    byOutcome: Object.fromEntries(rows.flatMap((row) => (read(row) > 0 ? [[row.outcome, read(row)]] : []))),
  });
  return { last1h: countOf(({ lastHour }) => lastHour), last24h: countOf(({ lastDay }) => lastDay) };
}
