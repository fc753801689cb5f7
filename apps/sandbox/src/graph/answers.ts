import type { Answer } from '../answer.ts';
import { RefusalError } from '../answer.ts';
import type { SiteAnswers } from '../site.ts';
import { randomSecret } from '../state/random-secret.ts';
import { usageHeader } from './usage.ts';

/** https://developers.facebook.com/docs/graph-api/guides/error-handling */
export type GraphFault = {
  code: number;
  subcode?: number;
  message: string;
  status?: number;
  isTransient?: boolean;
  title?: string;
  userMessage?: string;
  data?: Readonly<Record<string, unknown>>;
  headers?: Readonly<Record<string, string>>;
};

export function graphError(fault: GraphFault): Answer {
  const { code, subcode, message, status = 400, isTransient = false, title, userMessage, data, headers = {} } = fault;
  return {
    status,
    headers,
    body: {
      error: {
        message,
        type: 'OAuthException',
        code,
        ...(subcode === undefined ? {} : { error_subcode: subcode }),
        is_transient: isTransient,
        ...(title === undefined ? {} : { error_user_title: title }),
        ...(userMessage === undefined ? {} : { error_user_msg: userMessage }),
        ...(data === undefined ? {} : { error_data: data }),
        fbtrace_id: `A${randomSecret(16)}`,
      },
    },
  };
}

export function refuse(fault: GraphFault): RefusalError {
  return new RefusalError(graphError(fault));
}

export function invalidParameter(message: string, subcode?: number): RefusalError {
  return refuse({ code: 100, message: `(#100) ${message}`, ...(subcode === undefined ? {} : { subcode }) });
}

/** The same whether it is missing or somebody else's. */
export function noSuchObject(id: string, verb = 'get'): RefusalError {
  return refuse({
    code: 100,
    subcode: 33,
    message: `Unsupported ${verb} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api`,
  });
}

export function missingPermission(what: string): RefusalError {
  return refuse({ code: 200, status: 403, message: `(#200) Requires ${what} permission to manage the object` });
}

export const tokenFaults = {
  missing: { code: 2500, message: 'An active access token must be used to query information about the current user.' },
  malformed: { code: 190, message: 'Invalid OAuth access token - Cannot parse access token' },
  expired: {
    code: 190,
    subcode: 463,
    message: 'Error validating access token: Session has expired. The current time is later than its end.',
  },
  revoked: {
    code: 190,
    subcode: 458,
    message: 'Error validating access token: The user has not authorized application.',
  },
} as const satisfies Record<string, GraphFault>;

/**
 * @param useCase the limit of business use cases that its calls count against, and the code that tells it is used up
 */
export function graphAnswers(useCase: { type: string; code: number }): SiteAnswers {
  return {
    notFound: (_method, path) => graphError({ code: 2500, status: 404, message: `Unknown path components: ${path}` }),
    malformed: (status, message) => graphError({ code: 100, status, message: `(#100) ${message}` }),
    internalError: () =>
      graphError({ code: 1, subcode: 99, status: 500, message: 'An unknown error has occurred.', isTransient: false }),
    unavailable: () =>
      graphError({
        code: 2,
        status: 503,
        message: 'Service temporarily unavailable',
        isTransient: true,
      }),
    rateLimited: ({ resetAtMs, nowMs }) =>
      graphError({
        code: useCase.code,
        message: `(#${useCase.code}) There have been too many calls to this account. Wait a bit and try again.`,
        headers: usageHeader(useCase.type, 'limited', { percent: 100, regainMs: resetAtMs - nowMs }),
      }),
    tokenExpired: () => graphError(tokenFaults.expired),
    tokenRevoked: () => graphError(tokenFaults.revoked),
    forbidden: () =>
      graphError({ code: 200, status: 403, message: '(#200) The permission was not granted or was removed' }),
    accountBlocked: () =>
      graphError({
        code: 368,
        message: '(#368) The action attempted has been deemed abusive or is otherwise disallowed',
        title: "You're Temporarily Blocked",
        userMessage:
          'It looks like you were misusing this feature by going too fast. You have been blocked from using it.',
      }),
  };
}
