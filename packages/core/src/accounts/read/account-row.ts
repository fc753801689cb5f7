import { z } from 'zod';
import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { AccountStatus } from '@vibetribe/contracts/account';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';

/** An account with what its grant and its sends of the last hour say about it. Times are ms since the epoch. */
const accountRowColumns = {
  id: column.text,
  organizationId: column.text,
  grantId: column.text,
  platform: PlatformId,
  externalId: column.text,
  handle: column.text,
  displayName: column.text,
  status: AccountStatus,
  tokenExpiresAtMs: column.numberOrNull,
  scopes: z.array(z.string()),
  sendsInLastHour: column.number,
  oldestSendAtMs: column.numberOrNull,
  /** Until when the platform itself takes no more posts, as its last answers said. */
  closedUntilMs: column.numberOrNull,
  /** The credentials came from the user: the limit of the service's application is not theirs. */
  credentialSource: z.enum(['oauth', 'manual']),
  nowMs: column.number,
};
export type AccountRow = RowOf<typeof accountRowColumns>;

/** Accounts in id order, those alone that the actor may see. `where` is about `accounts a`. */
export async function readAccounts(
  tx: Transaction,
  actor: Pick<Actor, 'accountIds'>,
  where: SQL,
  limit: number,
): Promise<AccountRow[]> {
  const rows = await queryRows(tx, accountRowColumns)`
    select a.id, a.organization_id as "organizationId", a.grant_id as "grantId", a.platform, a.external_id as "externalId", a.handle,
      a.display_name as "displayName", a.status, g.scopes,
      floor(extract(epoch from g.expires_at) * 1000)::float8 as "tokenExpiresAtMs",
      t.sends as "sendsInLastHour", floor(extract(epoch from t.oldest_at) * 1000)::float8 as "oldestSendAtMs",
      floor(extract(epoch from a.posts_closed_until) * 1000)::float8 as "closedUntilMs", g.source as "credentialSource",
      floor(extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"
    from accounts a
    join grants g on g.organization_id = a.organization_id and g.id = a.grant_id
    cross join lateral (
      select count(*)::int as sends, min(started_at) as oldest_at from attempts
      where account_id = a.id and started_at > statement_timestamp() - interval '1 hour') t
    where ${where} and ${visibleTo(actor)}
    order by a.id limit ${limit}`;
  return rows;
}

/** An API key may be limited to some accounts; the others do not exist for it. */
export function visibleTo(actor: Pick<Actor, 'accountIds'>): SQL {
  return actor.accountIds === null ? sql`true` : sql`a.id = any(${sql.param([...actor.accountIds])}::text[])`;
}
