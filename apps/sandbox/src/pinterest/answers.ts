import { type Answer, RefusalError } from '../answer.ts';
import type { SiteAnswers } from '../site.ts';

/** Numbers of the platform's own in every error: https://developers.pinterest.com/docs/reference/error-codes/ */
export function pinterestError(status: number, code: number, message: string): Answer {
  return { status, body: { code, message } };
}

export function refuse(status: number, code: number, message: string): RefusalError {
  return new RefusalError(pinterestError(status, code, message));
}

export function invalid(message: string): RefusalError {
  return refuse(400, 1, `Invalid request: ${message}`);
}

export const unauthenticated = pinterestError(401, 2, 'Authentication failed.');
/** Of a code or a refresh token that is not good. */
export const grantInvalid = pinterestError(400, 283, 'The authorization grant is invalid');
export const missingScope = pinterestError(
  401,
  3,
  'Your token does not have sufficient permissions to perform this operation. Please ensure your token is authorized with the correct set of scopes.',
);
export const notPermitted = pinterestError(403, 29, 'You are not permitted to access that resource.');
export const trialMayNotPin = pinterestError(
  403,
  29,
  'Apps with Trial access may not create Pins in production https://api.pinterest.com - use API Sandbox https://api-sandbox.pinterest.com instead.',
);

/** @param resetAtMs wall time */
export function limitHeaders(limit: { max: number; remaining: number; resetAtMs: number }, nowMs: number) {
  return {
    'x-ratelimit-limit': String(limit.max),
    'x-ratelimit-remaining': String(limit.remaining),
    'x-ratelimit-reset': String(Math.max(0, Math.ceil((limit.resetAtMs - nowMs) / 1_000))),
  };
}

export function limited(limit: { max: number; resetAtMs: number }, nowMs: number): Answer {
  return {
    ...pinterestError(429, 8, 'You have exceeded your rate limit. Try again later.'),
    headers: limitHeaders({ ...limit, remaining: 0 }, nowMs),
  };
}

export const pinterestAnswers: SiteAnswers = {
  notFound: (method, path) => pinterestError(404, 1, `${method} ${path}: no such endpoint`),
  malformed: (status, message) => pinterestError(status, 1, `Invalid request: ${message}`),
  internalError: () => pinterestError(500, 0, 'Something went wrong on our end. Sorry about that.'),
  unavailable: () => pinterestError(503, 0, 'Service unavailable.'),
  rateLimited: ({ max = 100, resetAtMs, nowMs }) => limited({ max, resetAtMs }, nowMs),
  tokenExpired: () => unauthenticated,
  tokenRevoked: (caller) => (caller?.use === 'refresh' ? grantInvalid : unauthenticated),
  forbidden: () => notPermitted,
};
