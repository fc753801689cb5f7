import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { CoreDependencies } from '../core-dependencies.ts';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import { revokeCredentials } from './revoke-grant.ts';
import { openConsent } from './seal-consent.ts';

type RevokeDependencies = Pick<
  CoreDependencies,
  'db' | 'keyRing' | 'clock' | 'logger' | 'adapters' | 'endpoints' | 'platformHttp'
>;

const unusedConsentColumns = {
  id: column.text,
  organizationId: column.text,
  platform: PlatformId,
  grantSealed: column.text,
};
type UnusedConsent = RowOf<typeof unusedConsentColumns>;

/** What a platform granted and nobody accepted in time is destroyed here and forgotten there. Begins no further one once the signal aborts. */
export async function revokeUnusedConsents(
  deps: RevokeDependencies,
  signal?: AbortSignal,
): Promise<{ readonly revoked: number }> {
  for (let revoked = 0; ; revoked += 1) {
    const consent = signal?.aborted === true ? null : await takeExpired(deps);
    if (consent === null) return { revoked };
    await revokeConsent(deps, consent);
  }
}

/** Asks the platform to forget the grant; ours is gone already. */
export async function revokeConsent(deps: RevokeDependencies, consent: UnusedConsent): Promise<void> {
  const { id, platform, grantSealed } = consent;
  try {
    const { credentials, grantedBy = null } = openConsent(deps.keyRing, consent, grantSealed);
    await revokeCredentials(deps, { id, platform, grantedBy }, credentials);
  } catch (error) {
    deps.logger.warn({ err: error, consentId: id, platform }, 'a consent was not revoked at its platform');
  }
}

async function takeExpired({ db }: RevokeDependencies): Promise<UnusedConsent | null> {
  const rows = await db.asWorker(
    (tx) =>
      queryRows(tx, unusedConsentColumns)`
      delete from consents where id = (
        select id from consents where expires_at <= clock_timestamp() order by expires_at limit 1 for update skip locked)
      returning id, organization_id as "organizationId", platform, grant_sealed as "grantSealed"`,
  );
  return rows[0] ?? null;
}
