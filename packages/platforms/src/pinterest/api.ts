import type { TokenAccess } from '../connect/token-access.ts';
import type { z } from 'zod';
import { callPlatform, type Refusal } from '../http/call-platform.ts';
import { apiOf } from '../http/configured.ts';
import type { PlatformRequest, PlatformResponse } from '../port/platform-http.ts';
import type { StepEffect } from '../port/publish.ts';
import { pinterestRefusal } from './errors.ts';

export const pinterestName = 'Pinterest';

export interface PinterestCall<Answer> extends TokenAccess {
  readonly method: PlatformRequest['method'];
  /** `/v5/pins` */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly json?: unknown;
  /** JSON that is read as it is sent. */
  readonly stream?: { readonly byteLength: number; open(): AsyncIterable<Uint8Array> };
  readonly effect: StepEffect;
  readonly answer: z.ZodType<Answer>;
  readonly refusalOf?: (response: PlatformResponse) => Refusal;
}

/** https://developers.pinterest.com/docs/api/v5/introduction, description 5.23.0. */
export function callPinterest<Answer>(call: PinterestCall<Answer>): Promise<Answer> {
  const { endpoints, http, accessToken, method, path, query = {}, json, stream, effect, answer } = call;
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const search = new URLSearchParams(given).toString();
  const body = stream === undefined ? (json === undefined ? {} : { body: { json } }) : { body: { stream } };
  return callPlatform({
    http,
    platformName: pinterestName,
    request: {
      method,
      url: `${apiOf(endpoints, pinterestName)}${path}${search === '' ? '' : `?${search}`}`,
      headers: {
        authorization: `Bearer ${accessToken}`,
        ...(stream === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...body,
    },
    effect,
    answer,
    refusalOf: call.refusalOf ?? pinterestRefusal(effect),
  });
}
