import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import { shareOfOrganization } from '../../platforms/platform-shares.ts';
import { workInShares } from '../../work-in-shares.ts';
import { revokeCredentials } from '../grants/revoke-grant.ts';
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

const placesMax = 8;
const batchMax = 8;
const pendingMax = 32;

/**
 * What a platform granted and nobody accepted in time is destroyed here and forgotten there, in shares of the organizations. Takes no further
 * ones once the signal aborts; what was taken is revoked: it is known nowhere else.
 */
export async function revokeUnusedConsents(
  deps: RevokeDependencies,
  signal?: AbortSignal,
): Promise<{ readonly revoked: number }> {
  let revoked = 0;
  await workInShares<UnusedConsent>({
    placesMax,
    pendingMax,
    read: async () => (signal?.aborted === true ? [] : takeExpired(deps)),
    sharesOf: ({ organizationId }) => [shareOfOrganization(organizationId)],
    async work(consent) {
      await revokeConsent(deps, consent);
      revoked += 1;
    },
  });
  return { revoked };
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

/** Of each organization one before its next. */
async function takeExpired({ db }: RevokeDependencies): Promise<UnusedConsent[]> {
  return db.asWorker(
    (tx) =>
      queryRows(tx, unusedConsentColumns)`
      with expired as (
        select id, expires_at, row_number() over (partition by organization_id order by expires_at, id) as place
        from consents where expires_at <= statement_timestamp()
      )
      delete from consents where id = any(array(
        select c.id from expired e join consents c using (id) order by e.place, e.expires_at limit ${batchMax} for update of c skip locked))
      returning id, organization_id as "organizationId", platform, grant_sealed as "grantSealed"`,
  );
}
