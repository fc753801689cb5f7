import type { z } from 'zod';
import type { VisiblePart } from '../port/account.ts';
import type { StepEffect } from '../port/publish.ts';
import { classifyDoubt, classifySilence } from './classify.ts';
import { PlatformError, type PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformHttp, PlatformRequest, PlatformResponse } from '../port/platform-http.ts';

/** What a platform's 4xx means. `reason` is the platform's own short text, to be shown; absent where it may hold a secret. */
export interface Refusal {
  readonly kind: PlatformErrorKind;
  readonly platformCode: string;
  readonly reason?: string | undefined;
  readonly retryAfterMs?: number | null | undefined;
  /** See `PlatformError.accountGone`. */
  readonly accountGone?: string;
  /** See `PlatformError.duplicateOf`. */
  readonly duplicateOf?: VisiblePart | undefined;
}

export interface PlatformCallRequest<Answer> {
  readonly http: PlatformHttp;
  readonly platformName: string;
  readonly request: PlatformRequest;
  readonly effect: StepEffect;
  /** What a 2xx has to look like to be believed. */
  readonly answer: z.ZodType<Answer>;
  /** What `answer` is held against, where that is not the body: headers, with their names in lower case, or the status. */
  readonly read?: (response: PlatformResponse) => unknown;
  readonly refusalOf: (response: PlatformResponse) => Refusal;
  /** A status beside 2xx that may carry an answer. */
  readonly answersToo?: number;
}

/** One call, with every way it can end told apart: an answer, or a `PlatformError`. */
export async function callPlatform<Answer>(call: PlatformCallRequest<Answer>): Promise<Answer> {
  const response = await send(call);
  if ((response.status >= 200 && response.status < 300) || response.status === call.answersToo) {
    const answer = call.answer.safeParse(call.read === undefined ? response.json : call.read(response));
    if (answer.success) return answer.data;
  }
  throw classifyDoubt(response, call.platformName, call.effect) ?? refused(call, response);
}

async function send({ http, request, platformName, effect }: PlatformCallRequest<unknown>): Promise<PlatformResponse> {
  try {
    return await http.request(request);
  } catch (error) {
    throw classifySilence(error, platformName, effect);
  }
}

function refused(call: PlatformCallRequest<unknown>, response: PlatformResponse): PlatformError {
  const refusal = call.refusalOf(response);
  const platformCode = plainCode(refusal.platformCode, response.status, call.request);
  const reason = quotable(refusal.reason, call.request);
  const { retryAfterMs = null, accountGone = null, duplicateOf = null } = refusal;
  if (accountGone !== null) {
    const message = `${call.platformName} says that the account ${accountGone}`;
    return new PlatformError(refusal.kind, message, { platformCode, retryAfterMs, accountGone });
  }
  const message = `${call.platformName} refused the request (${platformCode})${reason === '' ? '' : `: ${reason}`}`;
  return new PlatformError(refusal.kind, message, { platformCode, retryAfterMs, duplicateOf });
}

/** A server of the user's choice may answer with what it was sent: what repeats the token is not shown. */
function plainCode(code: string, status: number, request: PlatformRequest): string {
  return /^[\w./:-]{1,64}$/.test(code) && !repeatsToken(code, request) ? code : `http_${status}`;
}

const reasonCharactersMax = 200;

function quotable(reason: string | undefined, request: PlatformRequest): string {
  if (reason === undefined) return '';
  if (repeatsToken(reason, request)) return 'reason withheld';
  const line = reason.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line.length <= reasonCharactersMax ? line : `${line.slice(0, reasonCharactersMax).toWellFormed()}…`;
}

function repeatsToken(text: string, { headers }: PlatformRequest): boolean {
  const token = headers?.['authorization']?.split(' ').at(-1);
  return token !== undefined && text.includes(token);
}
