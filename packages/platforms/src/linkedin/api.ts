import type { TokenAccess } from '../connect/token-access.ts';
import type { z } from 'zod';
import { callPlatform, type Refusal } from '../http/call-platform.ts';
import { apiOf } from '../http/configured.ts';
import type { PlatformRequest, PlatformResponse } from '../port/platform-http.ts';
import type { StepEffect } from '../port/publish.ts';
import { linkedInRefusal } from './errors.ts';

export const linkedInName = 'LinkedIn';

/** Every request names one. A version lives for about a year. https://learn.microsoft.com/en-us/linkedin/marketing/versioning, read 2026-11. */
export const linkedInVersion = '202609';

export interface LinkedInCall<Answer> extends TokenAccess {
  readonly method: PlatformRequest['method'];
  /** `/rest/posts` */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** More of the query, in Rest.li's own notation, whose brackets must not be escaped. */
  readonly restLiQuery?: string;
  readonly json?: unknown;
  /** `X-RestLi-Method` where the HTTP method alone does not say what is meant. */
  readonly restLiMethod?: 'FINDER' | 'PARTIAL_UPDATE';
  readonly effect: StepEffect;
  readonly answer: z.ZodType<Answer>;
  readonly read?: (response: PlatformResponse) => unknown;
  readonly refusalOf?: (response: PlatformResponse) => Refusal;
}

export function callLinkedIn<Answer>(call: LinkedInCall<Answer>): Promise<Answer> {
  const { endpoints, http, accessToken, path, query = {}, json, restLiMethod, effect, answer, read } = call;
  const search = [call.restLiQuery ?? '', new URLSearchParams(query).toString()]
    .filter((part) => part !== '')
    .join('&');
  return callPlatform({
    http,
    platformName: linkedInName,
    request: {
      method: call.method,
      url: `${apiOf(endpoints, linkedInName)}${path}${search === '' ? '' : `?${search}`}`,
      headers: {
        authorization: `Bearer ${accessToken}`,
        'linkedin-version': endpoints.version ?? linkedInVersion,
        'x-restli-protocol-version': '2.0.0',
        ...(restLiMethod === undefined ? {} : { 'x-restli-method': restLiMethod }),
      },
      ...(json === undefined ? {} : { body: { json } }),
    },
    effect,
    answer,
    ...(read === undefined ? {} : { read }),
    refusalOf: call.refusalOf ?? linkedInRefusal(effect),
  });
}
