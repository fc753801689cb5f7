import { hashToken } from '@vibetribe/security/opaque-token';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { consentGone, type ConsentRow, readConsent, takeConsent } from './consent-row.ts';
import { findRightHolder } from '../../identity/find-right-holder.ts';
import { narrowGrant } from '../grants/narrow-grant.ts';
import { revokeConsent } from './revoke-unused-consents.ts';
import { openConsent } from './seal-consent.ts';
import { storeGrant } from '../grants/store-grant.ts';

type ConfirmDependencies = Pick<
  CoreDependencies,
  'db' | 'keyRing' | 'clock' | 'logger' | 'signals' | 'adapters' | 'endpoints' | 'platformHttp'
>;

export interface Confirmation {
  /** From our page, which says who asks. */
  readonly code: string;
  /** Empty: no, and the platform is asked to forget the grant. */
  readonly externalIds: readonly string[];
}

/**
 * The answer of whoever gave a consent in a browser and was shown by our page which organization asks.
 * @returns how many accounts were connected
 * @throws DomainError `oauth_state_invalid`: unknown, used, expired, or whoever began may no longer connect accounts
 */
export async function confirmConsent(
  deps: ConfirmDependencies,
  { code, externalIds }: Confirmation,
): Promise<{ readonly connected: number }> {
  const consent = await deps.db.asWorker((tx) => readConsent(tx, 'page', sql`code_hash = ${hashToken(code)}`));
  const beginner =
    consent === null ? null : await deps.db.asIdentity((tx) => findRightHolder(tx, consent, 'accounts:manage'));
  if (consent === null || beginner === null) throw consentGone();
  const { organizationId, platform, grantSealed } = consent;
  const offered = openConsent(deps.keyRing, consent, grantSealed);
  const chosen = narrowGrant(offered, externalIds);
  if (chosen.accounts.length === 0) return decline(deps, consent);
  const ids = await storeGrant(deps, organizationId, platform, chosen, {
    source: 'oauth',
    accountIds: beginner.accountIds,
    by: beginner.principal,
    before: (tx) => takeConsent(tx, consent, 'page'),
  });
  return { connected: ids.length };
}

async function decline(deps: ConfirmDependencies, consent: ConsentRow): Promise<{ connected: 0 }> {
  await deps.db.asTenant(consent.organizationId, (tx) => takeConsent(tx, consent, 'page'));
  await revokeConsent(deps, consent);
  return { connected: 0 };
}
