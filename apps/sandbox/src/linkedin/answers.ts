import { type Answer, RefusalError } from '../answer.ts';
import type { SiteAnswers } from '../site.ts';

/** https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling */
export type LinkedInFault = {
  status: number;
  code: string;
  message: string;
  serviceErrorCode?: number;
  errorDetails?: unknown;
};

export function linkedInError({ errorDetails, ...fault }: LinkedInFault): Answer {
  const detailed =
    errorDetails === undefined ? {} : { errorDetailType: 'com.linkedin.common.error.BadRequest', errorDetails };
  return { status: fault.status, body: { ...fault, ...detailed } };
}

export function refuse(fault: LinkedInFault): RefusalError {
  return new RefusalError(linkedInError(fault));
}

/** @param fieldPath where it stands in the request */
export function invalidInput(code: string, description: string, fieldPath?: string, status = 400): RefusalError {
  const input = fieldPath === undefined ? {} : { inputPath: { fieldPath } };
  const message = fieldPath === undefined ? description : `${fieldPath}: ${description}`;
  return refuse({ status, code, message, errorDetails: { inputErrors: [{ description, input, code }] } });
}

export function accessDenied(what: string): RefusalError {
  return refuse(denied(what));
}

export function notFound(urn: string): RefusalError {
  return refuse({ status: 404, code: 'NOT_FOUND', message: `Entity with key ${urn} not found` });
}

/** The answer names the post that is there already. */
export function duplicateOf(urn: string): RefusalError {
  return new RefusalError({
    status: 422,
    body: {
      errorDetailType: 'com.linkedin.common.error.BadRequest',
      message: `com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of ${urn}`,
      errorDetails: {
        inputErrors: [{ description: 'Duplicate post is detected', input: {}, code: 'DUPLICATE_POST' }],
      },
      status: 422,
    },
  });
}

function denied(what: string): LinkedInFault {
  const message = `Not enough permissions to access: ${what}`;
  return { status: 403, serviceErrorCode: 100, code: 'ACCESS_DENIED', message };
}

export const tokenFaults = {
  empty: { status: 401, serviceErrorCode: 65_604, code: 'EMPTY_ACCESS_TOKEN', message: 'Empty oauth2 access token' },
  unknown: { status: 401, serviceErrorCode: 65_600, code: 'INVALID_ACCESS_TOKEN', message: 'Invalid access token' },
  expired: { status: 401, serviceErrorCode: 65_602, code: 'EXPIRED_ACCESS_TOKEN', message: 'Expired access token' },
  revoked: {
    status: 401,
    serviceErrorCode: 65_601,
    code: 'REVOKED_ACCESS_TOKEN',
    message: 'The token used in the request has been revoked by the user',
  },
} as const satisfies Record<string, LinkedInFault>;

export function oauthError(error: string, description: string, status = 400): RefusalError {
  return new RefusalError({ status, body: { error, error_description: description } });
}

export const linkedInAnswers: SiteAnswers = {
  notFound: (_method, path) =>
    linkedInError({ status: 404, code: 'RESOURCE_NOT_FOUND', message: `No virtual resource found: ${path}` }),
  malformed: (status, message) => linkedInError({ status, code: 'INVALID_REQUEST', message }),
  internalError: () => linkedInError({ status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Internal Server Error' }),
  unavailable: () => linkedInError({ status: 503, code: 'SERVICE_UNAVAILABLE', message: 'Service Unavailable' }),
  // No header says how long: limits are reset at midnight UTC.
  rateLimited: () =>
    linkedInError({
      status: 429,
      serviceErrorCode: 101,
      code: 'TOO_MANY_REQUESTS',
      message: 'Resource level throttle limit for calls to this resource is reached.',
    }),
  tokenExpired: () => linkedInError(tokenFaults.expired),
  tokenRevoked: (caller) =>
    caller?.use === 'refresh'
      ? oauthError('invalid_grant', 'The provided refresh token is revoked').answer
      : linkedInError(tokenFaults.revoked),
  forbidden: () => linkedInError(denied('partnerApiPostsExternal.CREATE')),
};
