import type { Account, ConnectManually } from '@vibetribe/contracts/account';
import { schemaFaults } from '@vibetribe/contracts/schema-faults';
import type { ConnectedGrant } from '@vibetribe/platforms/port/connect';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError } from '../../domain-error.ts';
import { connectFault } from './connect-fault.ts';
import { getAccount } from '../read/get-account.ts';
import { storeGrant } from '../grants/store-grant.ts';

const timeoutMs = 20_000;

export type ConnectDependencies = Pick<
  CoreDependencies,
  | 'db'
  | 'keyRing'
  | 'clock'
  | 'logger'
  | 'signals'
  | 'adapters'
  | 'endpoints'
  | 'platformHttp'
  | 'postsPerHour'
  | 'appPostsPerDay'
>;

/**
 * Connects an account with credentials that the user hands over, after the platform has confirmed them.
 * @throws DomainError `validation_failed` with paths under `credentials`, `platform_rejected`, `platform_unavailable`,
 *   `forbidden` where the actor is limited to other accounts
 */
export async function connectManually(
  deps: ConnectDependencies,
  actor: Actor,
  input: ConnectManually,
): Promise<Account> {
  const connected = await askPlatform(deps, input);
  const [accountId] = await storeGrant(deps, actor.organizationId, input.platform, connected, {
    source: 'manual',
    accountIds: actor.accountIds,
  });
  if (accountId === undefined) throw new DomainError('platform_rejected', 'These credentials open no account.');
  return getAccount(deps, actor, { accountId });
}

async function askPlatform(
  deps: ConnectDependencies,
  { platform, credentials }: ConnectManually,
): Promise<ConnectedGrant> {
  const { manual, displayName } = deps.adapters[platform];
  if (manual === undefined) {
    const message = `${displayName} accounts are connected through its own consent page`;
    throw new DomainError('validation_failed', `${message}.`, { errors: [{ path: 'platform', message }] });
  }
  const checked = manual.credentials.safeParse(credentials);
  if (!checked.success) {
    const errors = schemaFaults(checked.error.issues, { root: 'credentials', above: ['credentials'] });
    throw new DomainError('validation_failed', 'The credentials are not complete or not valid.', { errors });
  }
  try {
    return await manual.connect({
      endpoints: deps.endpoints(platform),
      http: deps.platformHttp(platform, { timeoutMs }),
      credentials: checked.data,
      now: deps.clock.now(),
    });
  } catch (error) {
    throw connectFault(error, 'credentials');
  }
}
