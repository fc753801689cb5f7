import type { z } from 'zod';
import type { AdapterAccount } from '../port/account.ts';
import type { StepEffect } from '../port/publish.ts';
import { callPlatform } from '../http/call-platform.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { MultipartPart, PlatformHttp, PlatformRequest } from '../port/platform-http.ts';
import { mastodonRefusal } from './errors.ts';

export const mastodonName = 'Mastodon';

export interface MastodonCall<Answer> {
  readonly http: PlatformHttp;
  /** Origin of the account's server. */
  readonly instance: string;
  readonly accessToken: string;
  readonly method: PlatformRequest['method'];
  /** With the query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly multipart?: readonly MultipartPart[];
  readonly effect: StepEffect;
  readonly answer: z.ZodType<Answer>;
}

export function callMastodon<Answer>(call: MastodonCall<Answer>): Promise<Answer> {
  const request: PlatformRequest = {
    method: call.method,
    url: `${call.instance}${call.path}`,
    headers: { ...call.headers, authorization: `Bearer ${call.accessToken}` },
    ...(call.json === undefined ? {} : { body: { json: call.json } }),
    ...(call.multipart === undefined ? {} : { body: { multipart: call.multipart } }),
  };
  const { http, effect, answer } = call;
  return callPlatform({ http, request, platformName: mastodonName, effect, answer, refusalOf: mastodonRefusal });
}

export function instanceOf({ service }: AdapterAccount): string {
  if (service === null)
    throw new PlatformError('permission', 'The account has no instance', { platformCode: 'instance_missing' });
  return service;
}
