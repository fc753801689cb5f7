import { type Answer, RefusalError } from '../answer.ts';
import type { SiteAnswers } from '../site.ts';

/** https://developers.google.com/youtube/v3/docs/errors and https://cloud.google.com/apis/design/errors */
export type GoogleFault = {
  code: number;
  message: string;
  reason: string;
  domain?: string;
  status?: string;
  details?: readonly unknown[];
};

const statusByCode: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

export function googleError(fault: GoogleFault): Answer {
  const { code, message, reason, domain = 'global', status = statusByCode[code], details } = fault;
  const told = {
    ...(status === undefined ? {} : { status }),
    ...(details === undefined ? {} : { details }),
  };
  return { status: code, body: { error: { code, message, errors: [{ message, domain, reason }], ...told } } };
}

export function refuse(fault: GoogleFault): RefusalError {
  return new RefusalError(googleError(fault));
}

export function badRequest(reason: string, message: string): RefusalError {
  return refuse({ code: 400, message, reason, domain: 'youtube.video' });
}

export const unauthenticated: GoogleFault = {
  code: 401,
  message:
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  reason: 'authError',
};

export const insufficientScope: GoogleFault = {
  code: 403,
  message: 'Request had insufficient authentication scopes.',
  reason: 'insufficientPermissions',
};

export function oauthError(error: string, description: string, status = 400): RefusalError {
  return new RefusalError({ status, body: { error, error_description: description } });
}

export const tokenDead = ['invalid_grant', 'Token has been expired or revoked.'] as const;

export const googleAnswers: SiteAnswers = {
  notFound: (_method, path) =>
    googleError({ code: 404, message: `The requested URL ${path} was not found on this server.`, reason: 'notFound' }),
  malformed: (code, message) => googleError({ code, message, reason: 'badRequest' }),
  internalError: () => googleError({ code: 500, message: 'Internal error encountered.', reason: 'backendError' }),
  unavailable: () =>
    googleError({ code: 503, message: 'The service is currently unavailable.', reason: 'backendError' }),
  // Google tells no wait; what stands in front of it may.
  rateLimited: () => googleError({ code: 429, message: 'Rate Limit Exceeded', reason: 'rateLimitExceeded' }),
  tokenExpired: () => googleError(unauthenticated),
  tokenRevoked: (caller) =>
    caller?.use === 'refresh' ? oauthError(...tokenDead).answer : googleError(unauthenticated),
  forbidden: () => googleError({ code: 403, message: 'The caller does not have permission', reason: 'forbidden' }),
};
