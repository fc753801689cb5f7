import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { breakerGateFor } from '../claim/breaker-gate.ts';
import { type ClaimContext, readClaimContext } from '../claim/claim-context.ts';
import { pausedDetail } from '../claim/decide-gate.ts';
import type { PublishSettings } from '../publish-settings.ts';
import { lockPublications } from '../store/decide-and-write.ts';
import { type ChangeRow, changeColumns, type ChangeWork, changeWorkOf, shownChange } from './change-work.ts';
import { type ChangeOutcome, writeOutcome } from './record-change.ts';

type ClaimDependencies = Pick<CoreDependencies, 'db' | 'adapters' | 'signals' | 'failpoints'>;

/**
 * Takes a change for this publisher: a lease and a higher fence, by the database's clock. What keeps it from being done is written down
 * instead. Null: there is nothing to do now.
 */
export async function claimChange(
  deps: ClaimDependencies,
  settings: PublishSettings,
  owner: string,
  changeId: string,
): Promise<ChangeWork | null> {
  const claimed = await deps.db.asWorker(async (tx) => {
    const [place] = await queryRows(tx, { publicationId: column.text })`
      select publication_id as "publicationId" from publication_changes where id = ${changeId}`;
    if (place === undefined) return null;
    const [row] = await lockPublications(tx, [place.publicationId]);
    const [change] = await queryRows(tx, changeColumns)`
      select ${shownChange} from publication_changes c where c.id = ${changeId} for update of c`;
    if (row === undefined || change === undefined || !isFree(change)) return null;
    const [context] = await readClaimContext(tx, [row.id]);
    if (context === undefined) return null;
    const held = await heldBack(tx, deps, settings, context, change);
    if (held !== null) {
      await writeOutcome(tx, deps, row, { claimed: change, current: change }, held);
      return 'held';
    }
    await tx.execute(sql`
      update publication_changes set fence = fence + 1, lease_owner = ${owner}, waiting_reason = null,
        lease_until = clock_timestamp() + ${settings.claimLeaseMs} * interval '1 millisecond'
      where id = ${changeId}`);
    return changeWorkOf(deps, context, { ...change, fence: change.fence + 1 });
  });
  if (claimed === 'held') deps.signals.eventsCommitted();
  return claimed === 'held' ? null : claimed;
}

function isFree({ dueAtMs, leaseUntilMs, nowMs }: ChangeRow): boolean {
  return dueAtMs !== null && dueAtMs <= nowMs && (leaseUntilMs === null || leaseUntilMs <= nowMs);
}

async function heldBack(
  tx: Transaction,
  { adapters }: Pick<CoreDependencies, 'adapters'>,
  settings: PublishSettings,
  context: ClaimContext,
  { intentAtMs }: ChangeRow,
): Promise<ChangeOutcome | null> {
  const { displayName } = adapters[context.row.platform];
  if (context.accountDisconnected) {
    const detail = `Its account was disconnected, and ${displayName} can no longer be asked`;
    return { kind: intentAtMs === null ? 'failed' : 'unconfirmed', detail };
  }
  const wait = { kind: 'wait', untilMs: null, isUnsent: false } as const;
  if (context.pausedBecause !== null) return pausedUntilLifted(context.pausedBecause);
  if (!context.accountUsable)
    return { ...wait, reason: 'token', detail: 'The account must be connected again; then it is done' };
  const gate = await breakerGateFor(tx, context, settings.claimLeaseMs);
  if (gate.kind === 'go') return null;
  const untilMs = 'untilMs' in gate ? gate.untilMs : null;
  return { ...wait, untilMs, reason: 'breaker', detail: `${displayName} is down; it is done when it is back` };
}

export function pausedUntilLifted(reason: string): ChangeOutcome {
  return { kind: 'wait', reason: 'paused', untilMs: null, detail: pausedDetail(reason), isUnsent: false };
}
