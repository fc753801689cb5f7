import { z } from 'zod';
import type { Refusal } from '../http/call-platform.ts';
import type { PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import { resetMsOf, retryAfterMsOf } from '../http/retry-after.ts';

const Problem = z.object({
  type: z.string().optional().catch(undefined),
  title: z.string().optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
  errors: z
    .array(z.object({ message: z.string().optional().catch(undefined) }))
    .optional()
    .catch(undefined),
});

/** https://docs.x.com/x-api/fundamentals/response-codes-and-errors, read 2026-08. */
export function xRefusal(response: PlatformResponse): Refusal {
  const problem = Problem.safeParse(response.json).data ?? {};
  const type = problemType(problem.type);
  const accountGone = goneIn(response, problem.detail);
  return {
    kind: kindOf(response, type, problem.detail),
    platformCode: type ?? `http_${response.status}`,
    reason: problem.errors?.[0]?.message ?? problem.detail ?? problem.title,
    retryAfterMs: waitMs(response),
    ...(accountGone === undefined ? {} : { accountGone }),
  };
}

function kindOf(response: PlatformResponse, type: string | undefined, detail: string | undefined): PlatformErrorKind {
  switch (response.status) {
    case 401:
      return 'auth_expired';
    case 402:
      return 'quota';
    case 403:
      return isDuplicate(type, detail) ? 'duplicate' : 'permission';
    case 404:
      return 'not_found';
    case 429:
      return type === 'usage-capped' || dailyLimitSpent(response) !== undefined ? 'quota' : 'rate_limit';
    default:
      return 'content';
  }
}

/** X has no code for this one: its type is `about:blank` as for every other 403 on a post, so the text has to tell. */
function isDuplicate(type: string | undefined, detail: string | undefined): boolean {
  return type === undefined && detail !== undefined && /duplicate content/iu.test(detail);
}

/** It has none for these either. */
function goneIn({ status }: PlatformResponse, detail = ''): string | undefined {
  if (status !== 403) return undefined;
  if (/account is suspended/iu.test(detail)) return 'is suspended';
  return /account is temporarily locked/iu.test(detail) ? 'is locked until its owner signs in there' : undefined;
}

/** The type's host differs between the documents (api.x.com) and the wire (api.twitter.com): the last segment is the code. */
function problemType(type: string | undefined): string | undefined {
  return type === undefined || type === 'about:blank' ? undefined : type.split('/').at(-1);
}

function waitMs(response: PlatformResponse): number | null {
  const daily = dailyLimitSpent(response);
  if (daily !== undefined) return resetMsOf(response, `${daily}-reset`);
  return retryAfterMsOf(response) ?? (response.status === 429 ? resetMsOf(response, 'x-rate-limit-reset') : null);
}

function dailyLimitSpent({ headers }: PlatformResponse): string | undefined {
  return ['x-user-limit-24hour', 'x-app-limit-24hour'].find((name) => headers[`${name}-remaining`] === '0');
}

const OAuthProblem = z.object({ error: z.string().optional().catch(undefined) });

/**
 * Refusals of the token endpoints. A dead grant and a wrong client are told apart, or a mistyped client secret would log every
 * account out. The reason is left out: these requests carry secrets in their bodies.
 */
export function xGrantRefusal(response: PlatformResponse): Refusal {
  const code = OAuthProblem.safeParse(response.json).data?.error ?? `http_${response.status}`;
  if (response.status === 429) return { kind: 'rate_limit', platformCode: code, retryAfterMs: waitMs(response) };
  const isOurFault = ['invalid_client', 'unauthorized_client'].includes(code);
  const isGrantAnswer = response.status === 400 || response.status === 401;
  return { kind: isGrantAnswer && !isOurFault ? 'auth_revoked' : 'permission', platformCode: code };
}
