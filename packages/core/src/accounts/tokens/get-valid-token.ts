import type { Credentials } from '@vibetribe/platforms/port/connect';
import type { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { sleep } from '@vibetribe/resilience/sleep';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { keepRefreshed } from './keep-refreshed.ts';
import { type DeathCause, markGrantDead } from '../grants/mark-grant-dead.ts';
import { noteRefreshFailure, refreshFailureCause } from './note-refresh-failure.ts';
import { type GrantRow, readGrant } from '../grants/read-grant.ts';
import { type RefreshLease, takeRefreshLease } from './refresh-lease.ts';
import { type RefreshPolicy, refreshPolicy, requestRefresh } from './request-refresh.ts';
import { revokeCredentials } from '../grants/revoke-grant.ts';
import { openGrant, unreadable } from '../grants/open-grant.ts';

export type TokenDependencies = Pick<
  CoreDependencies,
  'db' | 'keyRing' | 'clock' | 'logger' | 'signals' | 'adapters' | 'endpoints' | 'platformHttp' | 'failpoints'
>;

/** `busy`: another process is refreshing it. `unavailable`: it could not be refreshed now. Both tell when to ask again. */
export type ValidToken =
  | { readonly kind: 'valid'; readonly credentials: Credentials; readonly refreshed: true }
  | { readonly kind: 'valid'; readonly credentials: Credentials; readonly refreshed: false; readonly kept: KeptToken }
  | { readonly kind: 'dead'; readonly reason: string }
  | { readonly kind: 'busy' | 'unavailable'; readonly retryAfterMs: number; readonly detail: string };

/** Why a token is handed out as it was. */
export type KeptToken =
  | { readonly reason: 'lasts' | 'being_refreshed' }
  /** There is nothing to ask with, or the platform does not renew it at this time. */
  | { readonly reason: 'cannot'; readonly doesEnd: boolean; readonly nowMs: number }
  | { readonly reason: 'platform_unavailable'; readonly cause: string };

export interface TokenOptions {
  /** Refreshed however long it lasts, also where its end is not known. */
  readonly always?: boolean;
  /** A token that ends sooner than this is refreshed first. Default: 5 minutes. */
  readonly minValidityMs?: number;
  /** The access token that the platform has just refused: it is refreshed unless another one is stored by now. */
  readonly refusedAccessToken?: string;
  readonly policy?: RefreshPolicy;
}

const minValidityMsDefault = 5 * 60_000;
/** Where the platform does not say when to ask again. */
const retryAfterMsDefault = 30_000;

/**
 * Credentials that can be used now, refreshed if they must be. One caller at a time refreshes, across all processes, under a lease on the
 * grant's row: a rotating refresh token works once. A token that cannot be refreshed is handed out as it is: only the platform's own answer
 * ends a grant, never a clock and never a network error.
 */
export async function getValidToken(
  deps: TokenDependencies,
  grantId: string,
  options: TokenOptions = {},
): Promise<ValidToken> {
  const policy = options.policy ?? refreshPolicy;
  const patienceEndsMs = deps.clock.monotonicMs() + policy.waitMs;
  let minValidityMs = options.minValidityMs ?? minValidityMsDefault;
  let isWanted = options.always === true;
  let failuresSeen: number | null = null;
  for (;;) {
    const grant = await deps.db.asWorker((tx) => readGrant(tx, grantId));
    if (grant === null)
      return { kind: 'unavailable', retryAfterMs: 1_000, detail: 'The account has just been connected anew.' };
    if (grant.isDead) return { kind: 'dead', reason: 'The account needs to be connected again.' };
    const credentials = openGrant(deps, grant, grant.sealedCredentials);
    if (credentials === null) return { kind: 'unavailable', ...unreadable };
    const isRefused = tokensOf(credentials).includes(options.refusedAccessToken ?? '');
    if (!isRefused && !isWanted && !endsWithin(grant, minValidityMs)) return asItWas(credentials, { reason: 'lasts' });
    if (!canRefresh(deps, grant, credentials)) {
      if (isRefused) return endGrant(deps, grant);
      return asItWas(credentials, { reason: 'cannot', doesEnd: grant.expiresAtMs !== null, nowMs: grant.nowMs });
    }

    // Someone who waited for another caller's refresh does not repeat a failure that has just been had.
    failuresSeen ??= grant.refreshFailures;
    const stopsHere = grant.refreshFailures > failuresSeen || deps.clock.monotonicMs() >= patienceEndsMs;
    if (stopsHere)
      return withoutRefresh(grant, credentials, isRefused, grant.isBeingRefreshed ? 'busy' : 'unavailable');

    if (!grant.isBeingRefreshed) {
      // Counted from before the lease, and short of its end: the answer must still find its lease when it is stored.
      const endsAtMs = deps.clock.monotonicMs() + policy.leaseMs * (5 / 6);
      const lease = await deps.db.asWorker((tx) => takeRefreshLease(tx, grant, policy.leaseMs));
      if (lease !== null) return refreshUnderLease(deps, { grant, lease, credentials, isRefused, policy, endsAtMs });
    }
    await sleep(policy.pollMs);
    isWanted = false;
    minValidityMs = Math.min(minValidityMs, minValidityMsDefault);
  }
}

interface LeasedRefresh {
  readonly grant: GrantRow;
  readonly lease: RefreshLease;
  readonly credentials: Credentials;
  readonly isRefused: boolean;
  readonly policy: RefreshPolicy;
  readonly endsAtMs: number;
}

async function refreshUnderLease(deps: TokenDependencies, refresh: LeasedRefresh): Promise<ValidToken> {
  const { grant, lease, credentials, policy, endsAtMs } = refresh;
  // A lease that cannot be given back ends by itself.
  const giveBack = (cause: string) =>
    deps.db
      .asWorker((tx) => noteRefreshFailure(tx, lease, deps.adapters[grant.platform].displayName, cause))
      .catch((error: unknown) => deps.logger.warn({ err: error, grantId: grant.id }, 'a lease was not given back'));
  const answer = await requestRefresh(deps, grant, credentials, policy, endsAtMs).catch(async (error: unknown) => {
    await giveBack('something on our side does not work');
    throw error;
  });
  switch (answer.kind) {
    case 'fresh':
      return keep(deps, grant, credentials, answer.credentials);
    case 'dead':
      deps.logger.warn(
        { grantId: grant.id, platform: grant.platform, platformCode: answer.error.platformCode },
        'the platform says that the grant is dead',
      );
      return endGrant(
        deps,
        { ...grant, refreshFence: lease.fence },
        {
          accountGone: answer.error.accountGone,
          afterLostAnswer: answer.afterLostAnswer,
        },
      );
    case 'failed':
      deps.logger.warn(
        { err: answer.error, grantId: grant.id, platform: grant.platform, kind: answer.error.kind },
        'a token could not be refreshed',
      );
      await giveBack(refreshFailureCause(answer.error));
      deps.signals.eventsCommitted();
      return withoutRefresh(grant, credentials, refresh.isRefused, 'unavailable', answer.error);
  }
}

async function keep(
  deps: TokenDependencies,
  grant: GrantRow,
  asked: Credentials,
  fresh: Credentials,
): Promise<ValidToken> {
  await deps.failpoints.reach('token:before_store');
  const kept = await keepRefreshed(deps, grant, asked, fresh);
  await deps.failpoints.reach('token:after_store');
  switch (kept) {
    case 'stored':
      return { kind: 'valid', credentials: fresh, refreshed: true };
    case 'replaced':
      return { kind: 'busy', retryAfterMs: 1_000, detail: 'Another process has refreshed it.' };
    case 'gone':
      await revokeCredentials(deps, grant, fresh);
      return { kind: 'unavailable', retryAfterMs: 1_000, detail: 'The account was connected anew or disconnected.' };
  }
}

/** A token that has not ended yet is as good as before, although it could not be refreshed. */
function withoutRefresh(
  grant: GrantRow,
  credentials: Credentials,
  isRefused: boolean,
  kind: 'busy' | 'unavailable',
  error?: PlatformError,
): ValidToken {
  const cause = error === undefined ? 'the platform was just asked without success' : refreshFailureCause(error);
  if (!isRefused && !endsWithin(grant, 0))
    return asItWas(
      credentials,
      kind === 'busy' ? { reason: 'being_refreshed' } : { reason: 'platform_unavailable', cause },
    );
  if (kind === 'busy') return { kind, retryAfterMs: 2_000, detail: 'Its token is being refreshed.' };
  const retryAfterMs = error?.retryAfterMs ?? retryAfterMsDefault;
  return {
    kind,
    retryAfterMs,
    detail: `Its token could not be refreshed: ${cause}.`,
  };
}

async function endGrant(
  deps: TokenDependencies,
  grant: GrantRow,
  cause: DeathCause = { accountGone: null, afterLostAnswer: false },
): Promise<ValidToken> {
  const { displayName } = deps.adapters[grant.platform];
  const { accountGone } = cause;
  const isEnded = await markGrantDead(deps, grant, displayName, cause);
  if (!isEnded) return { kind: 'busy', retryAfterMs: 1_000, detail: 'Its token has changed in this moment.' };
  const why =
    accountGone === null
      ? `${displayName} no longer accepts the account's token`
      : `${displayName} says that the account ${accountGone}`;
  return { kind: 'dead', reason: `${why}: it needs to be connected again.` };
}

function asItWas(credentials: Credentials, kept: KeptToken): ValidToken {
  return { kind: 'valid', credentials, refreshed: false, kept };
}

function canRefresh(deps: TokenDependencies, grant: GrantRow, credentials: Credentials): boolean {
  return deps.adapters[grant.platform].refresh?.isPossible(credentials, new Date(grant.nowMs)) ?? false;
}

function tokensOf({ accessToken, accountTokens = {} }: Credentials): string[] {
  return [accessToken, ...Object.values(accountTokens)];
}

function endsWithin(grant: GrantRow, ms: number): boolean {
  return grant.expiresAtMs !== null && grant.expiresAtMs - grant.nowMs <= ms;
}
