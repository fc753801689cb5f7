import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Credentials } from '@vibetribe/platforms/port/connect';
import type { CoreDependencies } from '../core-dependencies.ts';

/** What a destroyed grant leaves for one last call. */
export interface DestroyedGrant extends Record<string, unknown> {
  id: string;
  organizationId: string;
  platform: PlatformId;
  sealedCredentials: string;
}

const timeoutMs = 5_000;

/** Asks the platform to forget the grant. Ours is gone already, so a platform that does not answer changes nothing. */
export async function revokeGrant(
  deps: Pick<CoreDependencies, 'logger' | 'adapters' | 'endpoints' | 'platformHttp'>,
  grant: DestroyedGrant,
  open: (sealed: string) => Credentials,
): Promise<void> {
  const { oauth } = deps.adapters[grant.platform];
  if (oauth?.revoke === undefined || grant.sealedCredentials === '') return;
  try {
    await oauth.revoke({
      endpoints: deps.endpoints(grant.platform),
      http: deps.platformHttp(grant.platform, { timeoutMs }),
      credentials: open(grant.sealedCredentials),
    });
  } catch (error) {
    deps.logger.warn(
      { err: error, grantId: grant.id, platform: grant.platform },
      'a grant was destroyed here but not revoked at its platform',
    );
  }
}
