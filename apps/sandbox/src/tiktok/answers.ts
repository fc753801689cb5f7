import { randomBytes } from 'node:crypto';
import { type Answer, RefusalError } from '../answer.ts';
import type { SiteAnswers } from '../site.ts';

function logId(): string {
  return randomBytes(12).toString('hex').toUpperCase();
}

/** Every answer has both parts. https://developers.tiktok.com/doc/tiktok-api-v2-error-handling */
export function answer(data: unknown) {
  return { data, error: { code: 'ok', message: '', log_id: logId() } };
}

export function tiktokError(status: number, code: string, message: string): Answer {
  return { status, body: { data: {}, error: { code, message, log_id: logId() } } };
}

export function refuse(status: number, code: string, message: string): RefusalError {
  return new RefusalError(tiktokError(status, code, message));
}

export function invalidParameter(message: string): RefusalError {
  return refuse(400, 'invalid_params', message);
}

/** What the token endpoint says, with a status that tells nothing. */
export function oauthError(error: string, description: string): RefusalError {
  return new RefusalError({ status: 200, body: { error, error_description: description, log_id: logId() } });
}

const tokenInvalid = () =>
  tiktokError(401, 'access_token_invalid', 'The access token is invalid or not found in the request.');

export const tiktokAnswers: SiteAnswers = {
  notFound: (_method, path) => tiktokError(404, 'invalid_params', `Unsupported path(Janus): ${path}`),
  malformed: (status, message) => tiktokError(status, 'invalid_params', message),
  internalError: () => tiktokError(500, 'internal_error', 'Something is wrong on our side. Try again later.'),
  unavailable: () => tiktokError(503, 'internal_error', 'The service is unavailable.'),
  rateLimited: () => tiktokError(429, 'rate_limit_exceeded', 'The API rate limit was exceeded.'),
  tokenExpired: tokenInvalid,
  tokenRevoked: (caller) =>
    caller?.use === 'refresh'
      ? oauthError('invalid_grant', 'Refresh token is invalid or expired.').answer
      : tokenInvalid(),
  accountBlocked: () =>
    tiktokError(403, 'spam_risk_user_banned_from_posting', 'The user is banned from making new posts.'),
  forbidden: () => tiktokError(401, 'scope_not_authorized', 'The user did not authorize the scope required.'),
};
