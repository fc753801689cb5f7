import { callGraph, type GraphCall } from '../graph/call-graph.ts';
import { apiOf, hostOf } from '../http/configured.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';

export const facebookName = 'Facebook';

type Own = 'platformName' | 'url' | 'isOfAccount';

export interface FacebookCall<Answer> extends Omit<GraphCall<Answer>, Own> {
  readonly endpoints: PlatformEndpoints;
  /** Below the version: `/123/feed`. */
  readonly path: string;
  /** The host for videos instead of the API's own. */
  readonly host?: 'video';
}

export function callFacebook<Answer>(call: FacebookCall<Answer>): Promise<Answer> {
  return callGraph({
    ...call,
    platformName: facebookName,
    isOfAccount: placesOfPage.test(call.path),
    url: `${baseOf(call)}/${versionOf(call.endpoints)}${call.path}`,
  });
}

/** Where a page's posts are made and listed. */
const placesOfPage = /^\/[^/]+\/(?:feed|photos|videos|video_reels|published_posts)$/u;

function baseOf({ endpoints, host }: Pick<FacebookCall<unknown>, 'endpoints' | 'host'>): string {
  return host === undefined ? apiOf(endpoints, facebookName) : hostOf(endpoints, host, facebookName);
}

export function versionOf({ version }: Pick<PlatformEndpoints, 'version'>): string {
  return version ?? facebookVersion;
}

/** Supported until 2028-07-29. https://developers.facebook.com/docs/graph-api/changelog/versions, read 2026-11. */
export const facebookVersion = 'v25.0';
