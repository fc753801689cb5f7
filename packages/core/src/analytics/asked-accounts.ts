import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';

/** A condition on `s.account_id`: the account that is given, else each that the actor may see. */
export function isOfAskedAccount({ accountIds }: Pick<Actor, 'accountIds'>, accountId: string | undefined): SQL {
  if (accountId !== undefined) return sql`s.account_id = ${accountId}`;
  return accountIds === null ? sql`true` : sql`s.account_id = any(${sql.param([...accountIds])}::text[])`;
}
