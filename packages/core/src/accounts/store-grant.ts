import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { grants } from '@vibetribe/db/schema/accounts';
import type { ConnectedGrant } from '@vibetribe/platforms/port/connect';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import { resumeWaiting, tellReconnected } from './resume-accounts.ts';
import { sealCredentials } from './seal-credentials.ts';

/**
 * Stores what a platform has granted, with every account that it opens. A known account keeps its id, is active again, and the
 * publications that waited for it go on; a grant that opens no account any more is deleted.
 * @param source the credentials came from the user, not through the platform's consent page to our application
 * @returns the accounts' ids, in the order of the grant; none where it opens none, and then it is not stored
 */
export async function storeGrant(
  deps: Pick<CoreDependencies, 'db' | 'keyRing' | 'signals' | 'adapters'>,
  organizationId: string,
  platform: PlatformId,
  connected: ConnectedGrant,
  { source, grantId = newId('grant') }: { readonly source: 'oauth' | 'manual'; readonly grantId?: string },
): Promise<string[]> {
  const grant = { id: grantId, organizationId };
  const { credentials } = connected;
  if (connected.accounts.length === 0) return [];
  const place = { organizationId, platform, service: connected.service ?? '' };
  const { accountIds, resumed } = await deps.db.asTenant(organizationId, async (tx) => {
    const known = await lockKnownAccounts(
      tx,
      { ...place, scope: deps.adapters[platform].externalIdScope },
      connected.accounts,
    );
    await tx.insert(grants).values({
      ...grant,
      platform,
      service: connected.service,
      credentials: sealCredentials(deps.keyRing, grant, credentials),
      expiresAt: credentials.expiresAt === undefined ? null : new Date(credentials.expiresAt),
      scopes: [...credentials.scopes],
      grantedBy: connected.grantedBy ?? null,
      source,
    });
    const ids: string[] = [];
    for (const account of connected.accounts) {
      const id = known.get(account.externalId) ?? newId('account');
      await storeAccount(tx, { ...account, ...place, id, grantId });
      ids.push(id);
    }
    await tellReconnected(tx, [...known.values()]);
    const resumedCount = await resumeWaiting(tx, ids);
    await deleteUnusedGrants(tx, place, grantId);
    return { accountIds: ids, resumed: resumedCount };
  });
  deps.signals.eventsCommitted();
  if (resumed > 0) deps.signals.dispatchSoon();
  return accountIds;
}

interface Place {
  readonly organizationId: string;
  readonly platform: PlatformId;
  readonly service: string;
}

type GrantedAccount = ConnectedGrant['accounts'][number];

/**
 * Locks are taken in one order everywhere: accounts by id, publications by id, grants. Which accounts are known stays so until the end,
 * because an organization connects those of one platform one grant at a time. Where a platform names its accounts across servers, one
 * that has moved or came through another address is known.
 * @returns ids by external id
 */
async function lockKnownAccounts(
  tx: Transaction,
  { organizationId, platform, service, scope }: Place & { readonly scope: 'platform' | 'server' },
  accounts: readonly GrantedAccount[],
): Promise<Map<string, string>> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`connect ${organizationId} ${platform}`}, 0))`);
  const { rows } = await tx.execute<{ id: string; externalId: string; service: string; status: string }>(sql`
    select id, external_id as "externalId", service, status from accounts
    where organization_id = ${organizationId} and platform = ${platform} and (${scope === 'platform'} or service = ${service})
      and external_id = any(${sql.param(accounts.map(({ externalId }) => externalId))}::text[])
    order by id for no key update`);
  // Of several from before they were known as one, that on the same server, else one that is in use.
  const rank = (row: (typeof rows)[number]) => (row.service === service ? 0 : row.status === 'disconnected' ? 2 : 1);
  const preferred = rows.toSorted((one, other) => rank(other) - rank(one));
  return new Map(preferred.map(({ id, externalId }) => [externalId, id]));
}

async function storeAccount(
  tx: Transaction,
  account: GrantedAccount & Place & { readonly id: string; readonly grantId: string },
): Promise<void> {
  const serverRules = account.serverRules === undefined ? null : JSON.stringify(account.serverRules);
  await tx.execute(sql`
    insert into accounts (id, organization_id, grant_id, platform, service, external_id, handle, display_name, server_rules)
    values (${account.id}, ${account.organizationId}, ${account.grantId}, ${account.platform}, ${account.service}, ${account.externalId},
      ${account.handle}, ${account.displayName}, ${serverRules}::jsonb)
    on conflict (id) do update set
      grant_id = excluded.grant_id, service = excluded.service, handle = excluded.handle, display_name = excluded.display_name, server_rules = excluded.server_rules,
      status = 'active', updated_at = clock_timestamp()`);
}

async function deleteUnusedGrants(tx: Transaction, { platform }: Place, newGrantId: string): Promise<void> {
  await tx.execute(sql`
    delete from grants g where g.platform = ${platform} and g.id <> ${newGrantId}
      and not exists (select 1 from accounts a where a.organization_id = g.organization_id and a.grant_id = g.id)`);
}
