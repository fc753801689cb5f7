import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';

/**
 * Whoever opens, renews or ends sessions of a user, or changes the password, does so one after the other: locks are taken in the order
 * user, sessions. What is read by later statements is as the one before left it.
 * @returns the password's hash; null where there is no such user
 */
export async function lockUser(
  tx: Transaction,
  by: { readonly id: string } | { readonly tokenHash: string } | { readonly familyId: string },
): Promise<{ passwordHash: string } | null> {
  const which =
    'id' in by
      ? sql`id = ${by.id}`
      : 'tokenHash' in by
        ? sql`id = (select user_id from sessions where token_hash = ${by.tokenHash})`
        : sql`id = (select user_id from sessions where family_id = ${by.familyId} limit 1)`;
  const rows = await queryRows(tx, {
    passwordHash: column.text,
  })`select password_hash as "passwordHash" from users where ${which} for no key update`;
  return rows[0] ?? null;
}
