import type { z } from 'zod';
import { callPlatform, type Refusal } from '../http/call-platform.ts';
import type { PlatformHttp, PlatformRequest, PlatformResponse } from '../port/platform-http.ts';
import type { StepEffect } from '../port/publish.ts';
import { googleRefusal, type KindsByReason } from './errors.ts';

export interface GoogleCall<Answer> {
  readonly http: PlatformHttp;
  readonly platformName: string;
  readonly accessToken: string;
  readonly method: PlatformRequest['method'];
  readonly url: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly stream?: { readonly byteLength: number; open(): AsyncIterable<Uint8Array> };
  readonly effect: StepEffect;
  readonly answer: z.ZodType<Answer>;
  readonly read?: (response: PlatformResponse) => unknown;
  readonly answersToo?: number;
  readonly kinds?: KindsByReason;
  readonly refusalOf?: (response: PlatformResponse) => Refusal;
}

/** One request with the account's token. */
export function callGoogle<Answer>(call: GoogleCall<Answer>): Promise<Answer> {
  const { http, platformName, accessToken, method, json, stream, effect, answer, read, answersToo } = call;
  const body = json === undefined ? (stream === undefined ? {} : { body: { stream } }) : { body: { json } };
  return callPlatform({
    http,
    platformName,
    request: {
      method,
      url: addressOf(call),
      headers: { ...call.headers, authorization: `Bearer ${accessToken}` },
      ...body,
    },
    effect,
    answer,
    ...(read === undefined ? {} : { read }),
    ...(answersToo === undefined ? {} : { answersToo }),
    refusalOf: call.refusalOf ?? googleRefusal(effect, call.kinds),
  });
}

function addressOf({ url, query = {} }: Pick<GoogleCall<unknown>, 'url' | 'query'>): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const search = new URLSearchParams(Object.fromEntries(given)).toString();
  return search === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${search}`;
}
