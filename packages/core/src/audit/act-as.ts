import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';

/** For a transaction that began in nobody's name: what it writes from here on stands in the audit log in this one's. */
export async function actAs(tx: Transaction, principal: Actor['principal']): Promise<void> {
  await tx.execute(sql`select set_config('app.principal', ${principal}, true)`);
}
