import { column, queryRows } from '@vibetribe/db/query-rows';
import type { MisfirePolicy } from '@vibetribe/contracts/publication-status';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { ClaimContext } from './claim-context.ts';
import type { Gate } from '../state/publication-input.ts';

export interface BurstGuard {
  /** Gives a late post of this account its place in the line. */
  gateFor(context: ClaimContext, policy: MisfirePolicy): Promise<Gate>;
}

/**
 * Keeps what has piled up for an account (an outage, an import, a series) from going out all at once: late posts go one by one,
 * `spacingMs` apart, those whose author wanted them spread `spreadMs` apart. Posts that are on time are not held back, nor those that are
 * late only because the service is busy.
 * The accounts' rows must be locked.
 */
export function createBurstGuard(tx: Transaction, spacing: { spacingMs: number; spreadMs: number }): BurstGuard {
  const lastSlotAtMs = new Map<string, number>();
  return {
    async gateFor({ row }, policy) {
      const spacingMs = policy === 'spread' ? spacing.spreadMs : spacing.spacingMs;
      const lastMs = lastSlotAtMs.get(row.accountId) ?? (await readLastSlot(tx, row.accountId, row.id));
      const slotAtMs = lastMs === null ? row.nowMs : Math.max(row.nowMs, lastMs + spacingMs);
      lastSlotAtMs.set(row.accountId, slotAtMs);
      if (slotAtMs <= row.nowMs) return { kind: 'go' };
      return {
        kind: 'wait',
        reason: 'burst_guard',
        untilMs: slotAtMs,
        detail: 'Late posts of this account go out one by one.',
      };
    },
  };
}

/** The account's last send, one that is about to begin, or the last place that another late post was given. */
async function readLastSlot(tx: Transaction, accountId: string, exceptId: string): Promise<number | null> {
  const rows = await queryRows(tx, { atMs: column.numberOrNull })`
    select floor(extract(epoch from greatest(
      (select max(started_at) from attempts where account_id = ${accountId}),
      (select max(due_at) from publications where account_id = ${accountId} and id <> ${exceptId} and due_at is not null and waiting_reason = 'burst_guard'),
      (select clock_timestamp() from publications where account_id = ${accountId} and lease_until is not null and intent_at is null limit 1)
    )) * 1000)::float8 as "atMs"`;
  return rows[0]?.atMs ?? null;
}
