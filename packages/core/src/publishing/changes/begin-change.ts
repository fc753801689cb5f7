import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { sharePauseLock } from '../../pauses/pause-lock.ts';
import { holdsBack } from '../../pauses/pause-row.ts';
import type { PublishSettings } from '../publish-settings.ts';
import { lockPublications } from '../store/decide-and-write.ts';
import type { ChangeWork } from './change-work.ts';
import { pausedUntilLifted } from './claim-change.ts';
import { type ChangeOutcome, recordChangeEvent } from './record-change.ts';

/** The outcome of a run that lost its lease, or whose change was replaced by another one. This run sends nothing more; another one looks at the change. */
function heldUp(nowMs: number): ChangeOutcome {
  const detail = 'Its publisher was held up';
  return { kind: 'wait', reason: 'internal', untilMs: nowMs, detail, isUnsent: false };
}

/** Writes the intent. Null: it is on disk, the lease is whole, and nobody has paused the change or asked for another one. */
export async function beginChange(
  deps: Pick<CoreDependencies, 'db' | 'failpoints'>,
  settings: PublishSettings,
  work: ChangeWork,
): Promise<ChangeOutcome | null> {
  const held = await deps.db.asWorker(async (tx) => {
    if (deps.failpoints.has('pause_lock')) await sharePauseLock(tx, [work.organizationId]);
    const [pause] = await queryRows(tx, { reason: column.text })`
      select s.reason from pauses s join publications p on ${holdsBack} where p.id = ${work.publicationId} limit 1`;
    if (pause !== undefined) return pausedUntilLifted(pause.reason);
    const { rowCount } = await tx.execute(sql`
      update publication_changes set ${leaseFromNow(settings)},
        intent_at = case when ${deps.failpoints.has('change_intent')} then coalesce(intent_at, clock_timestamp()) end
      where ${isHeld(deps, work)}`);
    return rowCount === 1 ? null : heldUp(work.claimedAtMs);
  });
  if (held === null) await deps.failpoints.reach('change:after_intent');
  return held;
}

/** Writes down that one part of several is gone; the part before it is next. Null: that is on disk. */
export async function recordPart(
  deps: Pick<CoreDependencies, 'db' | 'signals' | 'failpoints' | 'adapters'>,
  settings: PublishSettings,
  work: ChangeWork,
  index: number,
): Promise<ChangeOutcome | null> {
  const name = deps.adapters[work.platform].displayName;
  const isWritten = await deps.db.asWorker(async (tx) => {
    const [row] = await lockPublications(tx, [work.publicationId]);
    const { rowCount } = await tx.execute(sql`
      update publication_changes set ${leaseFromNow(settings)}, intent_at = null, first_failed_at = null, faults = 0,
        parts_removed = parts_removed + 1
      where ${isHeld(deps, work)}`);
    if (row === undefined || rowCount !== 1) return false;
    const message = `Part ${index + 1} of ${work.parts.length} is off ${name}.`;
    await recordChangeEvent(tx, row, { type: 'publication.part_removed', message, data: { part: index + 1 } });
    return true;
  });
  deps.signals.eventsCommitted();
  return isWritten ? null : heldUp(work.claimedAtMs);
}

function leaseFromNow({ claimLeaseMs }: PublishSettings) {
  return sql`lease_until = clock_timestamp() + ${claimLeaseMs} * interval '1 millisecond'`;
}

/** Only the run that was claimed last, for what was asked for last, goes on. */
function isHeld({ failpoints }: Pick<CoreDependencies, 'failpoints'>, { change }: ChangeWork) {
  if (!failpoints.has('change_fence')) return sql`id = ${change.id}`;
  return sql`id = ${change.id} and fence = ${change.fence} and version = ${change.version} and lease_until > statement_timestamp()`;
}
