import { z } from 'zod';
import type { Refusal } from '../http/call-platform.ts';
import { PlatformError, type PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import { resetMsOf, retryAfterMsOf } from '../http/retry-after.ts';

const XrpcError = z.object({
  error: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});

/** Error names of the lexicons and of the PDS: https://atproto.com/specs/xrpc#error-responses. An expired token is a 400. */
const kindByName: ReadonlyMap<string, PlatformErrorKind> = new Map(
  Object.entries<PlatformErrorKind>({
    ExpiredToken: 'auth_expired',
    InvalidToken: 'auth_expired',
    AuthMissing: 'auth_expired',
    AuthenticationRequired: 'auth_revoked',
    AuthFactorTokenRequired: 'auth_revoked',
    AccountTakedown: 'policy',
    AccountDeactivated: 'policy',
    RepoTakendown: 'policy',
    RepoSuspended: 'policy',
    RepoDeactivated: 'policy',
    AccountNotFound: 'not_found',
    RepoNotFound: 'not_found',
    RecordNotFound: 'not_found',
    InvalidSwap: 'duplicate',
    RateLimitExceeded: 'rate_limit',
    invalid_token: 'auth_expired',
    insufficient_scope: 'permission',
    ScopeMissingError: 'permission',
    // Of the proof, not of the token: a new token would change nothing.
    use_dpop_nonce: 'unavailable',
    invalid_dpop_proof: 'unavailable',
  }),
);

/** What became of the account, where that is the reason. */
const goneByName: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    AccountTakedown: 'has been taken down',
    RepoTakendown: 'has been taken down',
    RepoSuspended: 'is suspended',
    AccountDeactivated: 'is deactivated',
    RepoDeactivated: 'is deactivated',
    AccountNotFound: 'does not exist any more',
    RepoNotFound: 'does not exist any more',
  }),
);

const kindByStatus: Readonly<Record<number, PlatformErrorKind>> = {
  401: 'auth_expired',
  403: 'permission',
  404: 'not_found',
  429: 'rate_limit',
};

export function blueskyRefusal(response: PlatformResponse): Refusal {
  const { error, message } = XrpcError.safeParse(response.json).data ?? {};
  const kind = kindByName.get(error ?? '') ?? kindByStatus[response.status] ?? 'content';
  const accountGone = goneByName.get(error ?? '');
  return {
    ...(accountGone === undefined ? {} : { accountGone }),
    kind,
    platformCode: error ?? `http_${response.status}`,
    reason: message,
    retryAfterMs: retryAfterMsOf(response) ?? (kind === 'rate_limit' ? resetMsOf(response, 'ratelimit-reset') : null),
  };
}

/** Refusals of the session calls, without the reason: these requests carry the app password or the refresh token. */
export function blueskySessionRefusal(response: PlatformResponse): Refusal {
  const { reason: _reason, ...refusal } = blueskyRefusal(response);
  return { ...refusal, kind: refusal.kind === 'auth_expired' ? 'auth_revoked' : refusal.kind };
}

/** A refresh token is the whole request: a server that finds the request wrong knows no account for it any more. */
export function blueskyRefreshRefusal(response: PlatformResponse): Refusal {
  const refusal = blueskySessionRefusal(response);
  return refusal.platformCode === 'InvalidRequest' ? { ...refusal, kind: 'auth_revoked' } : refusal;
}

const goneByStatus: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    takendown: 'has been taken down',
    suspended: 'is suspended',
    deactivated: 'is deactivated',
    deleted: 'does not exist any more',
  }),
);

/** Its server is not ready for the account at the moment. */
const passingStatuses: readonly string[] = ['desynchronized', 'throttled'];

/** A session of an account that is not active: `com.atproto.server.refreshSession`, read 2026-11. */
export function inactiveAccount(platformName: string, status: string | undefined): PlatformError {
  if (status !== undefined && passingStatuses.includes(status)) {
    const message = `${platformName} says that the account is not ready (${status})`;
    return new PlatformError('unavailable', message, { platformCode: `account_${status}` });
  }
  const accountGone = goneByStatus.get(status ?? '') ?? 'is not active';
  return new PlatformError('policy', `${platformName} says that the account ${accountGone}`, {
    platformCode: 'AccountDeactivated',
    accountGone,
  });
}
