import type { Connected } from '@vibetribe/contracts/account';
import { hashToken } from '@vibetribe/security/opaque-token';
import { sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { consentGone, consentMinutes, type ConsentRow, readConsent, takeConsent } from '../consents/consent-row.ts';
import { getAccount } from '../read/get-account.ts';
import { openConsent } from '../consents/seal-consent.ts';
import { storeGrant } from '../grants/store-grant.ts';

export type AcceptDependencies = Pick<
  CoreDependencies,
  'db' | 'keyRing' | 'signals' | 'adapters' | 'postsPerHour' | 'appPostsPerDay'
>;

/**
 * Accepts what a consent page's visitor brought back: only whoever began may, so that nobody connects an account of theirs to a
 * stranger's organization by following a link. Where it opens several accounts they are chosen next.
 * @throws DomainError `oauth_state_invalid`: unknown, used, expired or somebody else's; `forbidden` where the actor is limited to other accounts
 */
export async function completeConnect(
  deps: AcceptDependencies,
  actor: Actor,
  { connectCode }: { readonly connectCode: string },
): Promise<Connected> {
  const { organizationId, principal, accountIds } = actor;
  const consent = await deps.db.asTenant(organizationId, (tx) =>
    readConsent(tx, 'code', sql`code_hash = ${hashToken(connectCode)} and principal = ${principal}`),
  );
  if (consent === null) throw consentGone();
  const connected = openConsent(deps.keyRing, consent, consent.grantSealed);
  if (connected.accounts.length > 1) return { selectionId: await beginSelection(deps, consent) };
  const [accountId = ''] = await storeGrant(deps, organizationId, consent.platform, connected, {
    source: 'oauth',
    accountIds,
    before: (tx) => takeConsent(tx, consent, 'code'),
  });
  return { account: await getAccount(deps, actor, { accountId }) };
}

async function beginSelection(deps: Pick<CoreDependencies, 'db'>, { id, organizationId }: ConsentRow): Promise<string> {
  const { rowCount } = await deps.db.asTenant(organizationId, (tx) =>
    tx.execute(sql`
      update consents set stage = 'selection', code_hash = null,
        expires_at = clock_timestamp() + make_interval(mins => ${consentMinutes.selection})
      where id = ${id} and stage = 'code' and expires_at > clock_timestamp()`),
  );
  if (rowCount !== 1) throw consentGone();
  return id;
}
