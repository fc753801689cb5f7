import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { accessOf } from '@vibetribe/platforms/connect/account-access';
import { openGrant } from '../../accounts/grants/open-grant.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { PublicationRow } from '../../publishing/store/publication-row.ts';

/** Why this account's posts cannot be taken off although others' of the platform can; null: they can, or nothing tells. */
export async function whyKept(
  tx: Transaction,
  deps: Pick<CoreDependencies, 'adapters' | 'keyRing' | 'logger'>,
  { platform, accountId, organizationId }: Pick<PublicationRow, 'platform' | 'accountId' | 'organizationId'>,
): Promise<string | null> {
  const adapter = deps.adapters[platform];
  if (adapter.keepsPosts === undefined) return null;
  const [grant] = await queryRows(tx, { id: column.text, credentials: column.text, externalId: column.text })`
    select g.id, g.credentials, a.external_id as "externalId" from accounts a join grants g on g.id = a.grant_id
    where a.id = ${accountId} and g.credentials <> ''`;
  if (grant === undefined) return null;
  const credentials = openGrant(deps, { id: grant.id, organizationId }, grant.credentials);
  return credentials === null ? null : adapter.keepsPosts(accessOf(credentials, grant));
}
