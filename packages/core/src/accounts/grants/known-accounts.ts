import { column, queryRows } from '@vibetribe/db/query-rows';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import { type SQL, sql } from 'drizzle-orm';

/** Where a grant's accounts are: whose, and on which server. */
export interface GrantPlace {
  readonly organizationId: string;
  readonly platform: PlatformId;
  readonly service: string;
  readonly scope: PlatformAdapter['externalIdScope'];
}

type Named = readonly { readonly externalId: string }[];

/**
 * Locks are taken in one order everywhere: accounts by id, publications by id, grants. Which accounts are known stays so until the end,
 * because an organization connects those of one platform one grant at a time. Where a platform names its accounts across servers, one
 * that has moved or came through another address is known.
 * @returns ids by external id
 */
export async function lockKnownAccounts(
  tx: Transaction,
  place: GrantPlace,
  accounts: Named,
): Promise<Map<string, string>> {
  const key = `connect ${place.organizationId} ${place.platform}`;
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`);
  return readKnownAccounts(tx, place, accounts, sql`for no key update`);
}

/** The same as it is now. */
export async function readKnownAccounts(
  tx: Transaction,
  { organizationId, platform, service, scope }: GrantPlace,
  accounts: Named,
  lock: SQL = sql``,
): Promise<Map<string, string>> {
  const rows = await queryRows(tx, {
    id: column.text,
    externalId: column.text,
    service: column.text,
    status: column.text,
  })`
    select id, external_id as "externalId", service, status from accounts
    where organization_id = ${organizationId} and platform = ${platform} and (${scope === 'platform'} or service = ${service})
      and external_id = any(${sql.param(accounts.map(({ externalId }) => externalId))}::text[])
    order by id ${lock}`;
  // Of several from before they were known as one, that on the same server, else one that is in use.
  const rank = (row: (typeof rows)[number]) => (row.service === service ? 0 : row.status === 'disconnected' ? 2 : 1);
  const preferred = rows.toSorted((one, other) => rank(other) - rank(one));
  return new Map(preferred.map(({ id, externalId }) => [externalId, id]));
}
