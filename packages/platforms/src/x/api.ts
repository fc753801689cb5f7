import { z } from 'zod';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import type { StepEffect } from '../port/publish.ts';
import { foreignNumericId } from '../answer-fields.ts';
import { callPlatform } from '../call-platform.ts';
import { apiOf } from '../configured.ts';
import type { MultipartPart, PlatformHttp, PlatformRequest } from '../platform-http.ts';
import { xRefusal } from './errors.ts';

export const xName = 'X';

export interface XCall<Answer> {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
  readonly accessToken: string;
  readonly method: PlatformRequest['method'];
  /** Below the API's base, with the query: `/2/tweets`. */
  readonly path: string;
  readonly json?: unknown;
  readonly multipart?: readonly MultipartPart[];
  readonly effect: StepEffect;
  readonly answer: z.ZodType<Answer>;
}

export function callX<Answer>(call: XCall<Answer>): Promise<Answer> {
  const request: PlatformRequest = {
    method: call.method,
    url: `${xApi(call.endpoints)}${call.path}`,
    headers: { authorization: `Bearer ${call.accessToken}` },
    ...(call.json === undefined ? {} : { body: { json: call.json } }),
    ...(call.multipart === undefined ? {} : { body: { multipart: call.multipart } }),
  };
  return callPlatform({ ...call, request, platformName: xName, refusalOf: xRefusal });
}

const UsersMe = z.object({ data: z.object({ id: foreignNumericId(), name: z.string(), username: z.string().min(1) }) });

export async function whoAmI(call: Pick<XCall<unknown>, 'endpoints' | 'http' | 'accessToken'>) {
  const { data } = await callX({ ...call, method: 'GET', path: '/2/users/me', effect: 'read', answer: UsersMe });
  return { externalId: data.id, handle: data.username, displayName: data.name };
}

export function xApi(endpoints: PlatformEndpoints): string {
  return apiOf(endpoints, xName);
}
