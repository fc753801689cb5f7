import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';

/** A worker's transaction is in nobody's name: what it writes from here on stands in the audit log in the actor's. */
export async function actAs(tx: Transaction, { principal }: Pick<Actor, 'principal'>): Promise<void> {
  await tx.execute(sql`select set_config('app.principal', ${principal}, true)`);
}
