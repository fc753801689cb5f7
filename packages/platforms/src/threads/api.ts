import { apiOf } from '../http/configured.ts';
import { callGraph, type GraphCall } from '../graph/call-graph.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { AccountCall } from '../port/account.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { threadsKinds } from './errors.ts';

export const threadsName = 'Threads';
export const threadsVersion = 'v1.0';

export interface ThreadsCall<Answer> extends Omit<
  GraphCall<Answer>,
  'platformName' | 'url' | 'ownKinds' | 'isOfAccount'
> {
  readonly endpoints: PlatformEndpoints;
  /** Below the version: `/178/threads`. */
  readonly path: string;
}

export function callThreads<Answer>(call: ThreadsCall<Answer>): Promise<Answer> {
  const { version } = call.endpoints;
  const url = `${apiOf(call.endpoints, threadsName)}/${version ?? threadsVersion}${call.path}`;
  const isOfAccount = placesOfProfile.test(call.path);
  return callGraph({ ...call, platformName: threadsName, url, isOfAccount, ownKinds: threadsKinds });
}

/** Where a profile's containers are made and its posts are listed. */
const placesOfProfile = /^\/[^/]+\/threads$/u;

/** A path below an account, a post or a container. */
export function pathOf(id: string, edge = ''): string {
  return `/${encodeURIComponent(id)}${edge}`;
}

export function callOf({ endpoints, accessToken }: AccountCall, http: PlatformHttp) {
  return { endpoints, accessToken, http };
}
