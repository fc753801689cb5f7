import { column, queryRows } from '@vibetribe/db/query-rows';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { movePublications } from '../store/decide-and-write.ts';
import type { PublishSettings } from '../publish-settings.ts';
import { quietPeriods } from '../record/quiet-periods.ts';

const batchMax = 200;

/** Takes claims from publishers that gave no sign of life until their lease was over. Answers how many. */
export async function expireLeases(
  deps: Pick<CoreDependencies, 'db' | 'adapters' | 'signals' | 'failpoints'>,
  settings: PublishSettings,
): Promise<number> {
  if (!deps.failpoints.has('sweeper')) return 0;
  const expired = await deps.db.asKeyedWorker(async (tx) => {
    const rows = await queryRows(tx, { id: column.text })`
      select id from publications where lease_until is not null and lease_until < statement_timestamp()
      order by lease_until limit ${batchMax} for update skip locked`;
    if (rows.length === 0) return 0;
    const moved = await movePublications(
      tx,
      rows.map((row) => row.id),
      (row) => ({ type: 'lease_expired', policy: quietPeriods(deps, row.platform, settings) }),
    );
    await deps.failpoints.reach('sweep:before_commit');
    return moved.filter(({ transition }) => transition.kind === 'moved').length;
  });
  if (expired > 0) deps.signals.eventsCommitted();
  return expired;
}
