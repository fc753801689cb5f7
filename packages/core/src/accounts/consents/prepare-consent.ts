import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { newId } from '@vibetribe/db/new-id';
import type { ConnectedGrant } from '@vibetribe/platforms/port/connect';
import { hashToken, newOpaqueToken } from '@vibetribe/security/opaque-token';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { consentMinutes, type ConsentStage } from './consent-row.ts';
import type { RightHolder } from '../../identity/find-right-holder.ts';
import { sealConsent } from './seal-consent.ts';

export interface KeptConsent {
  readonly id: string;
  /** Shown once; stored hashed. Of no use for a selection. */
  readonly code: string;
  /** May be repeated, where the answer to it was lost. */
  readonly store: () => Promise<void>;
}

/** Keeps what a platform has granted, sealed, until somebody accepts it. */
export function prepareConsent(
  deps: Pick<CoreDependencies, 'db' | 'keyRing'>,
  { organizationId, principal }: RightHolder,
  { platform, connected, stage }: { platform: PlatformId; connected: ConnectedGrant; stage: ConsentStage },
): KeptConsent {
  const id = newId('consent');
  const code = newOpaqueToken('vtc_');
  const codeHash = stage === 'selection' ? null : hashToken(code);
  const sealed = sealConsent(deps.keyRing, { id, organizationId }, connected);
  const store = async () => {
    await deps.db.asTenant(organizationId, (tx) =>
      tx.execute(sql`
        insert into consents (id, organization_id, principal, platform, stage, code_hash, grant_sealed, granted_by, expires_at)
        values (${id}, ${organizationId}, ${principal}, ${platform}, ${stage}, ${codeHash}, ${sealed}, ${connected.grantedBy ?? null},
          clock_timestamp() + make_interval(mins => ${consentMinutes[stage]}))
        on conflict (id) do nothing`),
    );
  };
  return { id, code, store };
}
