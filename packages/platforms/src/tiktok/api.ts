import type { TokenAccess } from '../connect/token-access.ts';
import { z } from 'zod';
import { callPlatform } from '../http/call-platform.ts';
import { apiOf } from '../http/configured.ts';
import type { PlatformHttp, PlatformRequest, PlatformResponse } from '../port/platform-http.ts';
import type { StepEffect } from '../port/publish.ts';
import { tiktokRefusal } from './errors.ts';

export const tiktokName = 'TikTok';

export interface TikTokCall<Data> extends TokenAccess {
  readonly method: PlatformRequest['method'];
  /** `/v2/post/publish/video/init/` */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly effect: StepEffect;
  /** What `data` of the answer has to look like. */
  readonly data: z.ZodType<Data>;
  readonly read?: (response: PlatformResponse) => unknown;
}

/** https://developers.tiktok.com/doc/content-posting-api-reference-direct-post, read 2026-11. */
export async function callTikTok<Data>(call: TikTokCall<Data>): Promise<Data> {
  const { endpoints, http, accessToken, method, path, query = {}, json, effect, data, read } = call;
  const search = new URLSearchParams(query).toString();
  const answer = await callPlatform({
    http: refusalsByStatus(http),
    platformName: tiktokName,
    request: {
      method,
      url: `${apiOf(endpoints, tiktokName)}${path}${search === '' ? '' : `?${search}`}`,
      headers: { authorization: `Bearer ${accessToken}` },
      ...(json === undefined ? {} : { body: { json } }),
    },
    effect,
    answer: z.object({ data }),
    ...(read === undefined ? {} : { read }),
    refusalOf: tiktokRefusal,
  });
  return answer.data;
}

const Refused = z.object({
  error: z.union([z.string().min(1), z.object({ code: z.string().refine((code) => code !== 'ok' && code !== '') })]),
});

/** TikTok says no with a status of success too: what names an error is told as a refusal. */
export function refusalsByStatus(http: PlatformHttp): PlatformHttp {
  return {
    async request(wanted) {
      const response = await http.request(wanted);
      const isSuccess = response.status >= 200 && response.status < 300;
      return isSuccess && Refused.safeParse(response.json).success ? { ...response, status: 400 } : response;
    },
  };
}
