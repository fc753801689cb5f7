import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { grants } from '@vibetribe/db/schema/accounts';
import type { ServerRules } from '@vibetribe/platforms/port/account';
import type { ConnectedGrant } from '@vibetribe/platforms/port/connect';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import { resumeWaiting, tellReconnected } from './resume-accounts.ts';
import { sealCredentials } from './seal-credentials.ts';

/**
 * Stores what a platform has granted, with every account that it opens. A known account keeps its id, is active again, and the
 * publications that waited for it go on; a grant that opens no account any more is deleted.
 * @param source the credentials came from the user, not through the platform's consent page to our application
 * @returns the accounts' ids, in the order of the grant
 */
export async function storeGrant(
  deps: Pick<CoreDependencies, 'db' | 'keyRing' | 'signals'>,
  organizationId: string,
  platform: PlatformId,
  connected: ConnectedGrant,
  { source }: { readonly source: 'oauth' | 'manual' },
): Promise<string[]> {
  const grant = { id: newId('grant'), organizationId };
  const { credentials } = connected;
  const { accountIds, resumed } = await deps.db.asTenant(organizationId, async (tx) => {
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
    const stored: StoredAccount[] = [];
    for (const account of connected.accounts) {
      stored.push(
        await storeAccount(tx, {
          ...account,
          organizationId,
          platform,
          service: connected.service ?? '',
          grantId: grant.id,
        }),
      );
    }
    await deleteUnusedGrants(tx, platform, grant.id);
    await tellReconnected(
      tx,
      stored.flatMap(({ id, isKnown }) => (isKnown ? [id] : [])),
    );
    const ids = stored.map(({ id }) => id);
    return { accountIds: ids, resumed: await resumeWaiting(tx, ids) };
  });
  deps.signals.eventsCommitted();
  if (resumed > 0) deps.signals.dispatchSoon();
  return accountIds;
}

interface StoredAccount {
  readonly id: string;
  readonly isKnown: boolean;
}

interface AccountToStore {
  readonly organizationId: string;
  readonly grantId: string;
  readonly platform: PlatformId;
  readonly service: string;
  readonly externalId: string;
  readonly handle: string;
  readonly displayName: string;
  readonly serverRules?: ServerRules;
}

async function storeAccount(tx: Transaction, account: AccountToStore): Promise<StoredAccount> {
  const id = newId('account');
  const { rows } = await tx.execute<{ id: string }>(sql`
    insert into accounts (id, organization_id, grant_id, platform, service, external_id, handle, display_name, server_rules)
    values (${id}, ${account.organizationId}, ${account.grantId}, ${account.platform}, ${account.service}, ${account.externalId},
      ${account.handle}, ${account.displayName}, ${account.serverRules === undefined ? null : JSON.stringify(account.serverRules)}::jsonb)
    on conflict (organization_id, platform, service, external_id) do update set
      grant_id = excluded.grant_id, handle = excluded.handle, display_name = excluded.display_name, server_rules = excluded.server_rules, status = 'active',
      updated_at = clock_timestamp()
    returning id`);
  const [stored] = rows;
  if (stored === undefined) throw new Error('the account was neither inserted nor updated');
  return { id: stored.id, isKnown: stored.id !== id };
}

async function deleteUnusedGrants(tx: Transaction, platform: PlatformId, newGrantId: string): Promise<void> {
  await tx.execute(sql`
    delete from grants g where g.platform = ${platform} and g.id <> ${newGrantId}
      and not exists (select 1 from accounts a where a.organization_id = g.organization_id and a.grant_id = g.id)`);
}
