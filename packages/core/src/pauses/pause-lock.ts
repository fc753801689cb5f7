import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';

/** Keeps these advisory locks apart from all others. */
const lockClass = 1_885_435_251;

/** A publisher that is frozen with the lock loses its transaction so soon: an emergency stop does not wait for longer. */
const idleMax = '5s';

/**
 * Held by every intent until its transaction ends, beside all other intents. To be taken before the pauses are looked at: a pause is then
 * either seen, or made after the intent is on disk.
 */
export async function sharePauseLock(tx: Transaction, organizationIds: readonly string[]): Promise<void> {
  await tx.execute(sql`
    select set_config('idle_in_transaction_session_timeout', ${idleMax}, true), pg_advisory_xact_lock_shared(${lockClass}::int, hashtext(scope))
    from unnest(${sql.param(['service', ...new Set(organizationIds)])}::text[]) as scope`);
}

/** An intent may hold the lock until its transaction is given up. */
const patience = { lock_timeout: '20s', statement_timeout: '25s' };

/** Waits until no intent is being written, and holds up new ones until the transaction ends. @param organizationId null: of the whole service */
export async function takePauseLock(tx: Transaction, organizationId: string | null): Promise<void> {
  for (const [name, value] of Object.entries(patience))
    await tx.execute(sql`select set_config(${name}, ${value}, true)`);
  await tx.execute(sql`select pg_advisory_xact_lock(${lockClass}::int, hashtext(${organizationId ?? 'service'}))`);
}
