import { z } from 'zod';
import type { Refusal } from '../http/call-platform.ts';
import type { PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import type { StepEffect } from '../port/publish.ts';
import { retryAfterMsOf } from '../http/retry-after.ts';
import { regainMsOf } from './usage.ts';

/** https://developers.facebook.com/docs/graph-api/guides/error-handling, read 2026-11. */
export const GraphError = z.object({
  error: z.object({
    code: z.int(),
    error_subcode: z.int().optional().catch(undefined),
    is_transient: z.boolean().optional().catch(undefined),
    message: z.string().optional().catch(undefined),
    error_user_msg: z.string().optional().catch(undefined),
  }),
});
type GraphError = z.infer<typeof GraphError>['error'];

/** The account may not do this for a while, hours or days. */
const blocked = 368;

/** What a code means before its subcode is looked at; the HTTP status says little. */
const kindByCode: Readonly<Record<number, PlatformErrorKind>> = {
  3: 'permission', // capability missing
  4: 'rate_limit', // of the application
  10: 'permission',
  17: 'rate_limit', // of the user
  32: 'rate_limit', // of the page
  100: 'content',
  101: 'permission', // the application is unknown
  102: 'auth_expired', // session
  190: 'auth_expired',
  341: 'rate_limit',
  [blocked]: 'policy',
  506: 'duplicate',
  613: 'rate_limit',
  1_609_005: 'content', // the link could not be scraped
  6_000: 'unavailable', // an upload went wrong
  6_001: 'unavailable',
  80_001: 'rate_limit', // of a business use case: pages
  80_002: 'rate_limit', // Instagram
};

/** Of one page: the others of its grant go on. */
const notAnAdmin = 492;

/** Subcodes that say something else than their code. */
const kindBySubcode: Readonly<Record<number, PlatformErrorKind>> = {
  33: 'not_found',
  458: 'auth_revoked', // the application was removed
  459: 'auth_revoked', // checkpoint
  460: 'auth_revoked', // the password was changed
  464: 'auth_revoked', // the user is not confirmed
  [notAnAdmin]: 'auth_revoked',
  1_349_125: 'content', // the format
  1_363_047: 'unavailable',
  1_366_046: 'content', // the photo is too large or of another kind
  1_366_051: 'duplicate', // the photos were posted already
  1_390_008: 'rate_limit', // too fast
  1_404_006: 'policy', // a security check is asked for
  1_404_078: 'policy', // the page must be authorized to publish
  1_404_102: 'policy', // community standards
  1_404_112: 'policy', // limited for days
  1_346_003: 'policy', // abusive
  1_609_008: 'content', // a link to Facebook itself
  1_609_010: 'unavailable',
  2_061_006: 'content', // the link is no address
  2_069_019: 'content', // the file
  4_854_002: 'policy', // the identity must be confirmed
};

/** What has become of the account, where that is the reason. */
const goneBySubcode: Readonly<Record<number, string>> = {
  [notAnAdmin]: 'is no longer run by the person who connected it',
  1_404_006: 'has to pass a security check there',
  1_404_078: 'has to be authorized to publish there',
  1_404_112: 'is limited there for some days',
  4_854_002: 'has to confirm its identity there',
  2_207_050: 'is inactive or restricted until its owner signs in there', // Instagram
};

/**
 * What a refusal means. Codes 1 and 2 are faults of the platform's own under a status of 400 as often as 500: on a step that makes
 * something visible they leave it in doubt.
 * @param own kinds of the platform's own codes, by `code/subcode`, subcode alone or code alone; they win
 */
export function graphRefusal(
  effect: StepEffect,
  own: Readonly<Record<string, PlatformErrorKind>> = {},
): (response: PlatformResponse) => Refusal {
  return (response) => {
    const error = GraphError.safeParse(response.json).data?.error;
    if (error === undefined) return { kind: kindOfStatus(response.status), platformCode: `http_${response.status}` };
    const accountGone = goneIn(error);
    return {
      ...(accountGone === undefined ? {} : { accountGone }),
      kind: doubtful(kindOf(error, own), effect),
      platformCode: codeOf(error),
      reason: error.error_user_msg ?? error.message,
      retryAfterMs: retryAfterMsOf(response) ?? regainMsOf(response),
    };
  };
}

/** A block that names what is wrong with the post is about the post. */
function goneIn({ code, error_subcode: subcode = 0 }: GraphError): string | undefined {
  if (code === blocked && kindBySubcode[subcode] === undefined) return 'is blocked there for a while';
  return goneBySubcode[subcode];
}

/** The code as it is told and looked up: `190/463`. */
export function codeOf({ code, error_subcode: subcode }: Pick<GraphError, 'code' | 'error_subcode'>): string {
  return subcode === undefined ? String(code) : `${code}/${subcode}`;
}

function kindOf(error: GraphError, own: Readonly<Record<string, PlatformErrorKind>>): PlatformErrorKind {
  const { code, error_subcode: subcode = 0 } = error;
  const known =
    own[codeOf(error)] ?? own[String(subcode)] ?? own[String(code)] ?? kindBySubcode[subcode] ?? kindByCode[code];
  if (known !== undefined) return known;
  if (code === 1 || code === 2 || code === -1 || code === -2 || error.is_transient === true) return 'ambiguous';
  return code >= 200 && code < 300 ? 'permission' : 'content';
}

/** A fault of the platform's own promises nothing on a step that makes something visible, and costs nothing on any other. */
function doubtful(kind: PlatformErrorKind, effect: StepEffect): PlatformErrorKind {
  if (kind !== 'ambiguous' && kind !== 'unavailable') return kind;
  return effect === 'once' ? 'ambiguous' : 'unavailable';
}

function kindOfStatus(status: number): PlatformErrorKind {
  if (status === 401) return 'auth_expired';
  if (status === 403) return 'permission';
  return status === 429 ? 'rate_limit' : 'content';
}

/** Refusals of what tokens are asked for with: whatever is wrong with a token there, the grant is dead. The reason is left out: it may hold the token. */
export function graphGrantRefusal(response: PlatformResponse): Refusal {
  const error = GraphError.safeParse(response.json).data?.error;
  if (error === undefined) return { kind: kindOfStatus(response.status), platformCode: `http_${response.status}` };
  const { kind, retryAfterMs } = graphRefusal('read')(response);
  const isDead = error.code === 190 || error.code === 102 || codesOfBadCodes.has(error.error_subcode ?? 0);
  const isOurs = error.code === 1 || error.code === 101;
  return { kind: isDead ? 'auth_revoked' : isOurs ? 'permission' : kind, platformCode: codeOf(error), retryAfterMs };
}

/** A code that was used, has expired, is malformed or of another redirect address. */
const codesOfBadCodes: ReadonlySet<number> = new Set([36_007, 36_008, 36_009, 36_010]);
