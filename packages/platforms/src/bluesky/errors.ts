import { z } from 'zod';
import type { Refusal } from '../call-platform.ts';
import type { PlatformErrorKind } from '../platform-error.ts';
import type { PlatformResponse } from '../platform-http.ts';
import { resetMsOf, retryAfterMsOf } from '../retry-after.ts';

const XrpcError = z.object({
  error: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});

/** Error names of the lexicons and of the PDS: https://atproto.com/specs/xrpc#error-responses. An expired token is a 400. */
const kindByName: Readonly<Record<string, PlatformErrorKind>> = {
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
};

const kindByStatus: Readonly<Record<number, PlatformErrorKind>> = {
  401: 'auth_expired',
  403: 'permission',
  404: 'not_found',
  429: 'rate_limit',
};

export function blueskyRefusal(response: PlatformResponse): Refusal {
  const { error, message } = XrpcError.safeParse(response.json).data ?? {};
  const kind = kindByName[error ?? ''] ?? kindByStatus[response.status] ?? 'content';
  return {
    kind,
    platformCode: error ?? `http_${response.status}`,
    reason: message,
    retryAfterMs: retryAfterMsOf(response) ?? (kind === 'rate_limit' ? resetMsOf(response, 'ratelimit-reset') : null),
  };
}

/** Refusals of the session calls, without the reason: these requests carry the app password or the refresh token. */
export function blueskySessionRefusal(response: PlatformResponse): Refusal {
  const { kind, platformCode, retryAfterMs } = blueskyRefusal(response);
  return { kind: kind === 'auth_expired' ? 'auth_revoked' : kind, platformCode, retryAfterMs };
}
