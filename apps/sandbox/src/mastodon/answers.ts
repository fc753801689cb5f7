import type { Answer } from '../answer.ts';
import type { SiteAnswers } from '../site.ts';
import type { LimitState } from '../state/rate-limits.ts';
import { statusLimits } from './limits.ts';

/** https://docs.joinmastodon.org/entities/Error/ and Doorkeeper's texts. */
export const mastodonAnswers: SiteAnswers = {
  notFound: () => recordNotFound(),
  malformed: (status, message) => apiError(status, status === 400 ? 'There was a problem with your request' : message),
  internalError: () => apiError(500, 'An unexpected error occurred'),
  unavailable: () => ({ status: 503, body: maintenancePage, contentType: 'text/html; charset=utf-8' }),
  rateLimited: ({ max = statusLimits.api.max, resetAtMs }) => ({
    ...apiError(429, 'Too many requests'),
    headers: rateLimitHeaders({ max, remaining: 0, resetAtMs }),
  }),
  tokenExpired: () => invalidToken('The access token expired'),
  tokenRevoked: (caller) => (caller?.use === 'sign-in' ? invalidGrant() : invalidToken('The access token was revoked')),
  forbidden: () => apiError(403, 'This action is not allowed'),
  accountBlocked: () => apiError(403, 'Your login is currently disabled'),
};

export function apiError(status: number, error: string): Answer {
  return { status, body: { error } };
}

export function recordNotFound(): Answer {
  return apiError(404, 'Record not found');
}

export function validationFailed(what: string): Answer {
  return apiError(422, `Validation failed: ${what}`);
}

export function invalidToken(error = 'The access token is invalid'): Answer {
  return {
    ...apiError(401, error),
    headers: { 'www-authenticate': `Bearer realm="Doorkeeper", error="invalid_token", error_description="${error}"` },
  };
}

export function oauthError(status: number, error: string, description: string): Answer {
  return { status, body: { error, error_description: description } };
}

export function invalidGrant(): Answer {
  return oauthError(
    400,
    'invalid_grant',
    'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.',
  );
}

export function rateLimitHeaders({
  max,
  remaining,
  resetAtMs,
}: Pick<LimitState, 'max' | 'remaining' | 'resetAtMs'>): Record<string, string> {
  return {
    'x-ratelimit-limit': String(max),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': new Date(resetAtMs).toISOString().replace(/Z$/, '000Z'),
  };
}

const maintenancePage =
  '<!DOCTYPE html><html lang="en"><head><title>503 Service Unavailable</title></head><body><h1>Maintenance</h1></body></html>';
