import type { Answer } from '../answer.ts';
import type { SiteAnswers } from '../site.ts';
import { tweetLimits } from './limits.ts';

const problemType = 'application/problem+json; charset=utf-8';

/** https://docs.x.com/x-api/fundamentals/response-codes-and-errors */
export const xAnswers: SiteAnswers = {
  notFound: () => aboutBlank(404, 'Not Found', 'Not Found'),
  malformed: (status, message) =>
    status === 400 ? invalidRequest([{ message, parameters: {} }]) : aboutBlank(status, 'Invalid Request', message),
  internalError: () => aboutBlank(500, 'Internal Server Error', 'Something is broken.'),
  unavailable: () => aboutBlank(503, 'Service Unavailable', 'Service Unavailable'),
  rateLimited: ({ max = tweetLimits.create.max, resetAtMs }) => ({
    ...aboutBlank(429, 'Too Many Requests', 'Too Many Requests'),
    headers: rateLimitHeaders({ max, remaining: 0, resetAtMs }),
  }),
  tokenExpired: () => unauthorized(),
  tokenRevoked: (caller) =>
    caller?.use === 'refresh'
      ? oauthError('invalid_request', 'Value passed for the token was invalid.')
      : unauthorized(),
  forbidden: () => aboutBlank(403, 'Forbidden', 'You are not permitted to perform this action.'),
  accountBlocked: () =>
    aboutBlank(
      403,
      'Forbidden',
      'To protect our users from spam and other malicious activity, this account is temporarily locked. Please log in to https://x.com to unlock your account.',
    ),
};

export function unauthorized(): Answer {
  return aboutBlank(401, 'Unauthorized', 'Unauthorized');
}

export function forbidden(detail: string): Answer {
  return aboutBlank(403, 'Forbidden', detail);
}

export type RequestFault = { message: string; parameters: Readonly<Record<string, readonly string[]>> };

export function invalidRequest(errors: readonly RequestFault[]): Answer {
  return {
    status: 400,
    contentType: problemType,
    body: {
      errors,
      title: 'Invalid Request',
      detail: 'One or more parameters to your request was invalid.',
      type: 'https://api.twitter.com/2/problems/invalid-request',
    },
  };
}

/** The partial error of a look-up, which X sends with status 200. */
export function resourceNotFound(resource: 'tweet' | 'user', parameter: string, id: string) {
  return {
    value: id,
    detail: `Could not find ${resource} with ${parameter}: [${id}].`,
    title: 'Not Found Error',
    resource_type: resource,
    parameter,
    resource_id: id,
    type: 'https://api.twitter.com/2/problems/resource-not-found',
  };
}

export function oauthError(error: string, description: string, status = 400): Answer {
  return { status, body: { error, error_description: description } };
}

export function rateLimitHeaders(state: { max: number; remaining: number; resetAtMs: number }): Record<string, string> {
  return {
    'x-rate-limit-limit': String(state.max),
    'x-rate-limit-remaining': String(state.remaining),
    'x-rate-limit-reset': String(Math.ceil(state.resetAtMs / 1000)),
  };
}

function aboutBlank(status: number, title: string, detail: string): Answer {
  return { status, contentType: problemType, body: { title, type: 'about:blank', status, detail } };
}
