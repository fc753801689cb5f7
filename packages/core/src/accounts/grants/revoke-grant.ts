import { column, type RowOf } from '@vibetribe/db/query-rows';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Credentials } from '@vibetribe/platforms/port/connect';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { openCredentials } from './seal-credentials.ts';

type RevokeDependencies = Pick<CoreDependencies, 'clock' | 'logger' | 'adapters' | 'endpoints' | 'platformHttp'>;

/** What a destroyed grant leaves for one last call. */
export const destroyedGrantColumns = {
  id: column.text,
  organizationId: column.text,
  platform: PlatformId,
  sealedCredentials: column.text,
  /** See `ConnectedGrant.grantedBy`. */
  grantedBy: column.textOrNull,
};
export type DestroyedGrant = RowOf<typeof destroyedGrantColumns>;

const timeoutMs = 5_000;

/** Asks the platform to forget the grant. Ours is gone already, so a platform that does not answer changes nothing. */
export async function revokeGrant(
  deps: RevokeDependencies & Pick<CoreDependencies, 'db' | 'keyRing'>,
  grant: DestroyedGrant,
): Promise<void> {
  if (grant.sealedCredentials === '') return;
  try {
    if (await isStillUsed(deps, grant)) return;
    await askToForget(deps, grant.platform, openCredentials(deps.keyRing, grant, grant.sealedCredentials));
  } catch (error) {
    warn(deps, grant, error);
  }
}

/** The same for credentials that were never stored, or are no longer ours to store. */
export async function revokeCredentials(
  deps: RevokeDependencies & Pick<CoreDependencies, 'db'>,
  grant: Pick<DestroyedGrant, 'id' | 'platform' | 'grantedBy'>,
  credentials: Credentials,
): Promise<void> {
  try {
    if (await isStillUsed(deps, grant)) return;
    await askToForget(deps, grant.platform, credentials);
  } catch (error) {
    warn(deps, grant, error);
  }
}

async function askToForget(deps: RevokeDependencies, platform: PlatformId, credentials: Credentials): Promise<void> {
  await deps.adapters[platform].oauth?.revoke?.({
    endpoints: deps.endpoints(platform),
    http: deps.platformHttp(platform, { timeoutMs }),
    credentials,
    now: deps.clock.now(),
  });
}

/** Revoking ends every grant of the same person, in whichever organization it is used. */
async function isStillUsed(
  deps: Pick<CoreDependencies, 'db'>,
  { platform, grantedBy }: Pick<DestroyedGrant, 'platform' | 'grantedBy'>,
): Promise<boolean> {
  if (grantedBy === null) return false;
  const { rows } = await deps.db.lasting.asWorker((tx) =>
    tx.execute(sql`
      select 1 from grants g where g.platform = ${platform} and g.granted_by = ${grantedBy} and g.dead_at is null
        and exists (select 1 from accounts a where a.grant_id = g.id and a.status = 'active')
      union all
      select 1 from consents c where c.platform = ${platform} and c.granted_by = ${grantedBy} and c.expires_at > clock_timestamp() limit 1`),
  );
  return rows.length > 0;
}

function warn({ logger }: RevokeDependencies, grant: { id: string; platform: PlatformId }, error: unknown): void {
  logger.warn({ err: error, grantId: grant.id, platform: grant.platform }, 'a grant was not revoked at its platform');
}
