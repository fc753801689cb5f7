import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { grants } from '@vibetribe/db/schema/accounts';
import type { ConnectedGrant } from '@vibetribe/platforms/port/connect';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { type GrantPlace, lockKnownAccounts } from './known-accounts.ts';
import { narrowTo } from './narrow-grant.ts';
import { resumeWaiting, tellReconnected } from './resume-accounts.ts';
import { sealCredentials } from './seal-credentials.ts';

export interface StoreOptions {
  /** Whether the credentials came through the platform's consent page to our application, or from the user. */
  readonly source: 'oauth' | 'manual';
  readonly grantId?: string;
  /** The accounts that whoever connects is limited to: no other one is connected, a new one neither. */
  readonly accountIds?: readonly string[] | null;
  /** The user in whose name it is stored. Absent: whoever sent the request. */
  readonly by?: string;
  /** First in the transaction: what has to hold for it to be stored. */
  readonly before?: (tx: Transaction) => Promise<void>;
}

/**
 * Stores what a platform has granted, with every account that it opens. A known account keeps its id, is active again, and the
 * publications that waited for it go on; a grant that opens no account any more is deleted.
 * @returns the accounts' ids, in the order of the grant; none where it opens none, and then it is not stored
 * @throws DomainError `forbidden` where it opens none of the accounts that whoever connects is limited to
 */
export async function storeGrant(
  deps: Pick<CoreDependencies, 'db' | 'keyRing' | 'signals' | 'adapters'>,
  organizationId: string,
  platform: PlatformId,
  connected: ConnectedGrant,
  { source, grantId = newId('grant'), accountIds: limitedTo = null, by, before }: StoreOptions,
): Promise<string[]> {
  const grant = { id: grantId, organizationId };
  if (connected.accounts.length === 0) return [];
  const scope = deps.adapters[platform].externalIdScope;
  const place = { organizationId, platform, service: connected.service ?? '', scope };
  const { accountIds, resumed } = await deps.db.asTenant(
    organizationId,
    async (tx) => {
      await before?.(tx);
      const known = await lockKnownAccounts(tx, place, connected.accounts);
      const { credentials, accounts } = narrowTo(limitedTo, connected, known);
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
      for (const account of accounts) {
        const id = known.get(account.externalId) ?? newId('account');
        await storeAccount(tx, { ...account, ...place, id, grantId });
        ids.push(id);
      }
      await tellReconnected(
        tx,
        [...known.values()].filter((id) => ids.includes(id)),
      );
      const resumedCount = await resumeWaiting(tx, ids);
      await deleteUnusedGrants(tx, place, grantId);
      return { accountIds: ids, resumed: resumedCount };
    },
    by,
  );
  deps.signals.eventsCommitted();
  if (resumed > 0) deps.signals.dispatchSoon();
  return accountIds;
}

type GrantedAccount = ConnectedGrant['accounts'][number];

async function storeAccount(
  tx: Transaction,
  account: GrantedAccount & GrantPlace & { readonly id: string; readonly grantId: string },
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

async function deleteUnusedGrants(tx: Transaction, { platform }: GrantPlace, newGrantId: string): Promise<void> {
  await tx.execute(sql`
    delete from grants g where g.platform = ${platform} and g.id <> ${newGrantId}
      and not exists (select 1 from accounts a where a.organization_id = g.organization_id and a.grant_id = g.id)`);
}
