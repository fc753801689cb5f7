import { z } from 'zod';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import type { StepEffect } from '../port/publish.ts';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { callPlatform } from '../http/call-platform.ts';
import { apiOf } from '../http/configured.ts';
import type { MultipartPart, PlatformHttp, PlatformRequest } from '../port/platform-http.ts';
import { xRefusal } from './errors.ts';
import { xLongTextMax, xTextMax, xUrlCharacters } from './text.ts';

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

const UsersMe = z.object({
  data: z.object({
    id: foreignNumericId(),
    name: z.string(),
    username: z.string().min(1),
    subscription_type: z.string().optional().catch(undefined),
    verified_type: z.string().optional().catch(undefined),
  }),
});
type User = z.infer<typeof UsersMe>['data'];

/** https://docs.x.com/x-api/users/get-my-user, read 2026-11. */
export async function whoAmI(call: Pick<XCall<unknown>, 'endpoints' | 'http' | 'accessToken'>) {
  const path = '/2/users/me?user.fields=subscription_type,verified_type';
  const { data } = await callX({ ...call, method: 'GET', path, effect: 'read', answer: UsersMe });
  const textMax = textMaxOf(data);
  return {
    externalId: data.id,
    handle: data.username,
    displayName: data.name,
    ...(textMax === null ? {} : { serverRules: { textMax, urlCharacters: xUrlCharacters } }),
  };
}

/** Who has subscribed may write long posts; the blue mark alone says so too. Null: X did not tell. */
function textMaxOf({ subscription_type: subscription, verified_type: mark }: User): number | null {
  if (subscription === undefined && mark === undefined) return null;
  const isSubscriber = !/^(?:none)?$/iu.test(subscription ?? '') || mark?.toLowerCase() === 'blue';
  return isSubscriber ? xLongTextMax : xTextMax;
}

export function xApi(endpoints: PlatformEndpoints): string {
  return apiOf(endpoints, xName);
}
