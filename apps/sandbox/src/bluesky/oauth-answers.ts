import type { Answer } from '../answer.ts';
import type { SiteAnswers } from '../site.ts';
import { xrpcError } from './answers.ts';

/** The body of a refused token request: RFC 6749, 5.2. */
export function oauthError(status: number, error: string, description: string): Answer {
  return { status, body: { error, error_description: description } };
}

export const invalidGrant = (why: string): Answer => oauthError(400, 'invalid_grant', why);

/** How the authorization server refuses. */
export const oauthAnswers: SiteAnswers = {
  notFound: () => oauthError(404, 'not_found', 'There is no such route'),
  malformed: (status, message) => oauthError(status, 'invalid_request', message),
  internalError: () => oauthError(500, 'server_error', 'Internal Server Error'),
  unavailable: () => oauthError(503, 'temporarily_unavailable', 'Service Unavailable'),
  rateLimited: ({ resetAtMs, nowMs }) => ({
    ...oauthError(429, 'slow_down', 'Rate Limit Exceeded'),
    headers: { 'retry-after': String(Math.max(1, Math.ceil((resetAtMs - nowMs) / 1000))) },
  }),
  tokenExpired: () => invalidGrant('Token has expired'),
  tokenRevoked: () => invalidGrant('Token has been revoked'),
  forbidden: () => oauthError(403, 'access_denied', 'Forbidden'),
};

/** How a server that takes tokens refuses: a header repeats the reason. RFC 9449, 7.1. */
export function resourceRefusal(error: string, message: string): Answer {
  const challenge = `DPoP algs="ES256", error="${error}", error_description="${message.replaceAll('"', "'")}"`;
  return { ...xrpcError(401, error, message), headers: { 'www-authenticate': challenge } };
}
