import type { PlatformEndpoints } from '../port/endpoints.ts';
import type { PlatformHttp } from '../port/platform-http.ts';

/** What a request is asked with: a token, and how its platform is reached. */
export interface TokenAccess {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
  readonly accessToken: string;
}

/** It, out of the head of a request. */
export function accessTo(call: TokenAccess, http: PlatformHttp = call.http): TokenAccess {
  return { endpoints: call.endpoints, accessToken: call.accessToken, http };
}
