import type { z } from 'zod';
import { callPlatform, type Refusal } from '../http/call-platform.ts';
import type { PlatformErrorKind } from '../port/platform-error.ts';
import type {
  ByteStream,
  MultipartPart,
  PlatformHttp,
  PlatformRequest,
  PlatformResponse,
} from '../port/platform-http.ts';
import type { StepEffect } from '../port/publish.ts';
import { accountNotFound } from '../answers/account-not-found.ts';
import { graphRefusal } from './errors.ts';

/** One call of the Graph API. The token stands in a header, never in the address. */
export interface GraphCall<Answer> {
  readonly http: PlatformHttp;
  readonly platformName: string;
  /** Address without the query. */
  readonly url: string;
  readonly method: PlatformRequest['method'];
  readonly query?: Parameters;
  readonly form?: Parameters;
  readonly multipart?: readonly MultipartPart[];
  /** Bytes as they are, for the hosts that take uploads. */
  readonly stream?: ByteStream;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: the request shows who asks by itself. */
  readonly accessToken?: string;
  readonly effect: StepEffect;
  readonly answer: z.ZodType<Answer>;
  /** A status beside 2xx that may carry an answer. */
  readonly answersToo?: number;
  /** See `graphRefusal`. */
  readonly ownKinds?: Readonly<Record<string, PlatformErrorKind>>;
  /** It is a request to the account's own place: what is not found is the account. */
  readonly isOfAccount?: boolean;
  readonly refusalOf?: (response: PlatformResponse) => Refusal;
}

/** What is undefined is left out. */
export type Parameters = Readonly<Record<string, string | undefined>>;

export function callGraph<Answer>(call: GraphCall<Answer>): Promise<Answer> {
  const { http, platformName, effect, answer, answersToo, ownKinds } = call;
  const refusalOf = call.refusalOf ?? graphRefusal(effect, ownKinds);
  const query = new URLSearchParams(given(call.query ?? {})).toString();
  const body = bodyOf(call);
  const request: PlatformRequest = {
    method: call.method,
    url: query === '' ? call.url : `${call.url}?${query}`,
    headers: {
      ...(call.accessToken === undefined ? {} : { authorization: `Bearer ${call.accessToken}` }),
      ...call.headers,
    },
    ...(body === undefined ? {} : { body }),
  };
  return callPlatform({
    http,
    request,
    platformName,
    effect,
    answer,
    ...(answersToo === undefined ? {} : { answersToo }),
    refusalOf: call.isOfAccount === true ? accountNotFound(refusalOf) : refusalOf,
  });
}

function bodyOf({ form, multipart, stream }: GraphCall<unknown>): PlatformRequest['body'] {
  if (multipart !== undefined) return { multipart };
  if (stream !== undefined) return { stream };
  return form === undefined ? undefined : { form: given(form) };
}

function given(parameters: Parameters): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}
