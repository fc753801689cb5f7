import type { Answer } from '../answer.ts';
import type { SiteAnswers } from '../site.ts';
import type { LimitState } from '../state/rate-limits.ts';
import { writePoints } from './limits.ts';

/** https://atproto.com/specs/xrpc#error-responses */
export const blueskyAnswers: SiteAnswers = {
  notFound: () => xrpcError(404, 'XRPCNotSupported', 'XRPCNotSupported'),
  malformed: (status, message) =>
    status === 413 ? xrpcError(413, 'PayloadTooLarge', 'request entity too large') : invalidRequest(message),
  internalError: () => xrpcError(500, 'InternalServerError', 'Internal Server Error'),
  unavailable: () => xrpcError(503, 'NotEnoughResources', 'Not Enough Resources'),
  rateLimited: ({ max = writePoints.perHour.max, resetAtMs, nowMs }) => ({
    ...xrpcError(429, 'RateLimitExceeded', 'Rate Limit Exceeded'),
    headers: {
      ...rateLimitHeaders({ max, remaining: 0, resetAtMs, windowMs: writePoints.perHour.windowMs }),
      'retry-after': String(Math.max(1, Math.ceil((resetAtMs - nowMs) / 1000))),
    },
  }),
  tokenExpired: () => xrpcError(400, 'ExpiredToken', 'Token has expired'),
  tokenRevoked: (caller) =>
    caller?.use === 'sign-in' ? wrongPassword() : xrpcError(400, 'ExpiredToken', 'Token has been revoked'),
  forbidden: () => xrpcError(403, 'Forbidden', 'Forbidden'),
  accountBlocked: () => xrpcError(400, 'AccountTakedown', 'Account has been taken down'),
};

export function xrpcError(status: number, error: string, message: string): Answer {
  return { status, body: { error, message } };
}

export function invalidRequest(message: string): Answer {
  return xrpcError(400, 'InvalidRequest', message);
}

export function wrongPassword(): Answer {
  return xrpcError(401, 'AuthenticationRequired', 'Invalid identifier or password');
}

export function rateLimitHeaders(
  state: Pick<LimitState, 'max' | 'remaining' | 'resetAtMs' | 'windowMs'>,
): Record<string, string> {
  return {
    'ratelimit-limit': String(state.max),
    'ratelimit-remaining': String(state.remaining),
    'ratelimit-reset': String(Math.ceil(state.resetAtMs / 1000)),
    'ratelimit-policy': `${state.max};w=${state.windowMs / 1000}`,
  };
}
