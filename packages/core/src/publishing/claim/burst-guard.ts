import { column, queryRows } from '@vibetribe/db/query-rows';
import type { MisfirePolicy } from '@vibetribe/contracts/publication-status';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { ClaimContext } from './claim-context.ts';
import type { Gate } from '../state/publication-input.ts';

export interface BurstGuard {
  /** Gives a late post of this account its turn in the line. */
  gateFor(context: ClaimContext, policy: MisfirePolicy): Promise<Gate>;
}

/**
 * Keeps what has piled up for an account (an outage, an import, a series) from going out all at once. Late posts go one by one, `spacingMs`
 * apart. Those whose author wanted them spread go `spreadMs` apart. Posts that are on time are not held back, nor those that are late only
 * because the service is busy. The accounts' rows must be locked.
 */
export function createBurstGuard(tx: Transaction, spacing: { spacingMs: number; spreadMs: number }): BurstGuard {
  const lastPermitAtMs = new Map<string, number>();
  return {
    async gateFor({ row }, policy) {
      const spacingMs = policy === 'spread' ? spacing.spreadMs : spacing.spacingMs;
      const lastMs = lastPermitAtMs.get(row.accountId) ?? (await readLastPermit(tx, row.accountId, row.id));
      const permitAtMs = lastMs === null ? row.nowMs : Math.max(row.nowMs, lastMs + spacingMs);
      lastPermitAtMs.set(row.accountId, permitAtMs);
      if (permitAtMs <= row.nowMs) return { kind: 'go' };
      return {
        kind: 'wait',
        reason: 'burst_guard',
        untilMs: permitAtMs,
        detail: 'Late posts of this account go out one by one.',
      };
    },
  };
}

/** The latest of three: the account's last send, a send that is about to begin, the permit that another late post waits for. */
async function readLastPermit(tx: Transaction, accountId: string, exceptId: string): Promise<number | null> {
  const rows = await queryRows(tx, { atMs: column.numberOrNull })`
    select floor(extract(epoch from greatest(
      (select max(started_at) from attempts where account_id = ${accountId}),
      (select max(due_at) from publications where account_id = ${accountId} and id <> ${exceptId} and due_at is not null and waiting_reason = 'burst_guard'),
      (select clock_timestamp() from publications where account_id = ${accountId} and lease_until is not null and intent_at is null limit 1)
    )) * 1000)::float8 as "atMs"`;
  return rows[0]?.atMs ?? null;
}
