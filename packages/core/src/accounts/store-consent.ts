import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { newId } from '@vibetribe/db/new-id';
import type { ConnectedGrant } from '@vibetribe/platforms/port/connect';
import { retryWhile } from '@vibetribe/resilience/retry-while';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../core-dependencies.ts';
import { DomainError } from '../domain-error.ts';
import { revokeCredentials } from './revoke-grant.ts';
import { storeGrant } from './store-grant.ts';

type ConsentDependencies = Pick<
  CoreDependencies,
  'db' | 'keyRing' | 'clock' | 'logger' | 'signals' | 'adapters' | 'endpoints' | 'platformHttp'
>;

/**
 * Stores what a consent brought. Where the database is away it is tried again while its user waits; what cannot be stored is revoked at
 * the platform, where it would stand for ever with nobody to use it.
 * @param endsAtMs monotonic; nothing is tried after it
 * @returns the accounts' ids, at least one
 * @throws DomainError `platform_rejected` where it opens no account
 */
export async function storeConsent(
  deps: ConsentDependencies,
  organizationId: string,
  platform: PlatformId,
  connected: ConnectedGrant,
  endsAtMs: number,
): Promise<[string, ...string[]]> {
  const grant = { id: newId('grant'), platform, grantedBy: connected.grantedBy ?? null };
  let mayStand = false;
  const store = async () => {
    const stored = mayStand ? await readStored(deps, organizationId, grant.id) : [];
    if (stored.length > 0) return stored;
    return storeGrant(deps, organizationId, platform, connected, { source: 'oauth', grantId: grant.id });
  };
  try {
    const [first, ...others] = await retryWhile(store, {
      isPassing: mayPass,
      patienceMs: endsAtMs - deps.clock.monotonicMs(),
      pause: { baseMs: 250, capMs: 2_000 },
      monotonicMs: () => deps.clock.monotonicMs(),
      onRetry: () => void (mayStand = true),
    });
    if (first === undefined) throw new DomainError('platform_rejected', 'The consent opens no account.');
    return [first, ...others];
  } catch (error) {
    await revokeCredentials(deps, grant, connected.credentials);
    throw error;
  }
}

/** The answer to a commit may have been lost: the grant stands then, with its accounts. */
async function readStored(
  deps: Pick<CoreDependencies, 'db'>,
  organizationId: string,
  grantId: string,
): Promise<string[]> {
  const { rows } = await deps.db.asTenant(organizationId, (tx) =>
    tx.execute<{ id: string }>(sql`select id from accounts where grant_id = ${grantId} order by id`),
  );
  return rows.map(({ id }) => id);
}

/** Bad data, a broken constraint, a missing right: trying again changes nothing. Everything else may be the database's bad moment. */
function mayPass(error: unknown): boolean {
  if (error instanceof DomainError) return false;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code: unknown = Reflect.get(cause, 'code');
    if (typeof code === 'string' && /^(?:22|23|42)/u.test(code)) return false;
  }
  return true;
}
