import { column, queryRows } from '@vibetribe/db/query-rows';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { ClaimContext } from './claim-context.ts';
import type { LimitFact } from './decide-gate.ts';

const windowMs = 3_600_000;

/** So far apart those in line look for themselves, ms: they are let go by the one before them, and look only where that one is gone. */
const lineSpacingMs = 500;
const oneByOne = "The account's limit at its platform was used up; its posts go out one after another.";

export interface AccountLimit {
  /** Whether the account has a permit, by what was sent in the last hour and is about to be, and by what the platform said. */
  limitOf(context: ClaimContext): Promise<LimitFact>;
  /** A permit behind the post of this account that goes first, as the account's limit was used up lately. */
  permitBehind(context: ClaimContext): Promise<LimitFact>;
  /** Counts a claim of this batch. */
  take(context: ClaimContext): void;
}

/**
 * The limit of posts an hour and account, counted from the attempts that were really begun: a count that no flushed cache can empty.
 * The accounts' rows must be locked. Whoever has to wait gets the permit after that of the last one who waits, so that a queue does not wake at once.
 */
export async function createAccountLimit(
  tx: Transaction,
  postsPerHour: (platform: PlatformId) => number,
  contexts: readonly ClaimContext[],
): Promise<AccountLimit> {
  const used = await countUsed(tx, [...new Set(contexts.map(({ row }) => row.accountId))]);
  const lastPermitAtMs = new Map<string, number>();
  const lastPermitOf = async ({ accountId }: ClaimContext['row']) =>
    lastPermitAtMs.get(accountId) ?? (await lastWaitingPermitAtMs(tx, accountId));
  const permitBehind = async ({ row, closedUntilMs }: ClaimContext): Promise<LimitFact> => {
    const lastMs = (await lastPermitOf(row)) ?? 0;
    const fullUntilMs = Math.max(row.nowMs + lineSpacingMs, closedUntilMs ?? 0, lastMs + lineSpacingMs);
    lastPermitAtMs.set(row.accountId, fullUntilMs);
    return { fullUntilMs, detail: oneByOne };
  };
  return {
    permitBehind,
    async limitOf(context) {
      const { row, closedUntilMs } = context;
      if (closedUntilMs !== null && closedUntilMs > row.nowMs) return permitBehind(context);
      const limit = postsPerHour(row.platform);
      const detail = `The account's limit of ${limit} posts an hour is used up.`;
      if ((used.get(row.accountId) ?? 0) < limit) return { fullUntilMs: null, detail };
      const lastMs = await lastPermitOf(row);
      const freeMs = await firstFreeAtMs(tx, row.accountId, limit, row.nowMs);
      const nextPermitAtMs = lastMs === null ? freeMs : Math.max(freeMs, lastMs + windowMs / limit);
      lastPermitAtMs.set(row.accountId, nextPermitAtMs);
      return { fullUntilMs: nextPermitAtMs, detail };
    },
    take({ row }) {
      used.set(row.accountId, (used.get(row.accountId) ?? 0) + 1);
    },
  };
}

async function countUsed(tx: Transaction, accountIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await queryRows(tx, { accountId: column.text, used: column.number })`
    select w.account_id as "accountId", (
      (select count(*) from attempts t where t.account_id = w.account_id and t.started_at > statement_timestamp() - ${windowMs} * interval '1 millisecond')
      + (select count(*) from publications l where l.account_id = w.account_id and l.lease_until is not null and l.intent_at is null)
    )::int as used
    from unnest(${sql.param(accountIds)}::text[]) as w(account_id)`;
  return new Map(rows.map((row) => [row.accountId, row.used]));
}

async function lastWaitingPermitAtMs(tx: Transaction, accountId: string): Promise<number | null> {
  const rows = await queryRows(tx, { atMs: column.numberOrNull })`
    select floor(extract(epoch from max(due_at)) * 1000)::float8 as "atMs" from publications
    where account_id = ${accountId} and due_at > statement_timestamp() and waiting_reason = 'rate_limit'`;
  return rows[0]?.atMs ?? null;
}

/** When the send that holds the oldest of the permits leaves the window. */
async function firstFreeAtMs(tx: Transaction, accountId: string, limit: number, nowMs: number): Promise<number> {
  const rows = await queryRows(tx, { atMs: column.number })`
    select floor(extract(epoch from started_at) * 1000)::float8 + ${windowMs} as "atMs" from attempts
    where account_id = ${accountId} and started_at > statement_timestamp() - ${windowMs} * interval '1 millisecond'
    order by started_at desc offset ${limit - 1} limit 1`;
  return Math.max(nowMs + 1_000, rows[0]?.atMs ?? nowMs + 5_000);
}
