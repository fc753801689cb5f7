import { column, queryRows } from '@vibetribe/db/query-rows';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { newId } from '@vibetribe/db/new-id';
import type { ConnectedGrant } from '@vibetribe/platforms/port/connect';
import { retryWhile } from '@vibetribe/resilience/retry-while';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError } from '../../domain-error.ts';
import type { ConsentStage } from './consent-row.ts';
import type { RightHolder } from '../../identity/find-right-holder.ts';
import { prepareConsent } from './prepare-consent.ts';
import { revokeCredentials } from '../grants/revoke-grant.ts';
import { storeGrant } from '../grants/store-grant.ts';

type ConsentDependencies = Pick<
  CoreDependencies,
  'db' | 'keyRing' | 'clock' | 'logger' | 'signals' | 'adapters' | 'endpoints' | 'platformHttp'
>;

/** What a platform granted after a consent. */
export interface BroughtGrant {
  readonly platform: PlatformId;
  readonly connected: ConnectedGrant;
  /** Monotonic; nothing is tried after it. */
  readonly endsAtMs: number;
}

/**
 * Connects what a consent brought. Where the database is away, storing is tried again while the user waits. What cannot be stored is
 * revoked at the platform: nobody could use it, and it would stand there for ever.
 * @returns the accounts' ids, at least one
 * @throws DomainError `platform_rejected` where it opens no account, `forbidden` where it opens none that whoever began is limited to
 */
export async function storeConsent(
  deps: ConsentDependencies,
  { organizationId, accountIds, principal }: RightHolder,
  brought: BroughtGrant,
): Promise<[string, ...string[]]> {
  const grantId = newId('grant');
  const { platform, connected } = brought;
  return storeOrRevoke(deps, grantId, brought, async (isRepeated) => {
    const stored = isRepeated ? await readStored(deps, organizationId, grantId) : [];
    const [first, ...others] =
      stored.length > 0
        ? stored
        : await storeGrant(deps, organizationId, platform, connected, {
            source: 'oauth',
            grantId,
            accountIds,
            by: principal,
          });
    if (first === undefined) throw opensNothing();
    return [first, ...others];
  });
}

/** Keeps it for whoever has to accept it first. @returns its id, and the code that opens it once */
export async function holdConsent(
  deps: ConsentDependencies,
  beginner: RightHolder,
  { stage, ...brought }: BroughtGrant & { readonly stage: ConsentStage },
): Promise<{ readonly id: string; readonly code: string }> {
  const { id, code, store } = prepareConsent(deps, beginner, { ...brought, stage });
  await storeOrRevoke(deps, id, brought, async () => {
    if (brought.connected.accounts.length === 0) throw opensNothing();
    await store();
  });
  return { id, code };
}

async function storeOrRevoke<Result>(
  deps: ConsentDependencies,
  id: string,
  { platform, connected, endsAtMs }: BroughtGrant,
  store: (isRepeated: boolean) => Promise<Result>,
): Promise<Result> {
  let isRepeated = false;
  try {
    return await retryWhile(() => store(isRepeated), {
      isPassing: mayPass,
      patienceMs: endsAtMs - deps.clock.monotonicMs(),
      pause: { baseMs: 250, capMs: 2_000 },
      monotonicMs: () => deps.clock.monotonicMs(),
      onRetry: () => void (isRepeated = true),
    });
  } catch (error) {
    await revokeCredentials(deps, { id, platform, grantedBy: connected.grantedBy ?? null }, connected.credentials);
    throw error;
  }
}

function opensNothing(): DomainError {
  return new DomainError('platform_rejected', 'The consent opens no account.');
}

/** The answer to a commit may have been lost: the grant stands then, with its accounts. */
async function readStored(
  deps: Pick<CoreDependencies, 'db'>,
  organizationId: string,
  grantId: string,
): Promise<string[]> {
  const rows = await deps.db.asTenant(
    organizationId,
    (tx) => queryRows(tx, { id: column.text })`select id from accounts where grant_id = ${grantId} order by id`,
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
