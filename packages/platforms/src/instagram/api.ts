import { apiOf, hostOf } from '../http/configured.ts';
import { callGraph, type GraphCall } from '../graph/call-graph.ts';
import type { AccountAccess } from '../port/account.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { instagramKinds } from './errors.ts';

export const instagramName = 'Instagram';

/** Through which login an account was connected: Instagram's own, or that of the page which the account belongs to. */
export type Login = 'instagram' | 'page';

export interface InstagramCall<Answer> extends Omit<
  GraphCall<Answer>,
  'platformName' | 'url' | 'ownKinds' | 'isOfAccount'
> {
  readonly endpoints: PlatformEndpoints;
  readonly details: AccountAccess['details'];
  /** Below the version: `/178/media`. */
  readonly path: string;
}

export function callInstagram<Answer>(call: InstagramCall<Answer>): Promise<Answer> {
  const url = `${graphOf(call.endpoints, loginOf(call))}${call.path}`;
  const isOfAccount = placesOfAccount.test(call.path);
  return callGraph({ ...call, platformName: instagramName, url, isOfAccount, ownKinds: instagramKinds });
}

/** Where an account's containers are made and its posts are listed. */
const placesOfAccount = /^\/[^/]+\/(?:media|stories)$/u;

/** Base of the API with its version: each login has a host of its own. */
export function graphOf(endpoints: PlatformEndpoints, login: Login): string {
  const host = login === 'page' ? hostOf(endpoints, 'pages', instagramName) : apiOf(endpoints, instagramName);
  return `${host}/${versionOf(endpoints)}`;
}

export function loginOf({ details }: Pick<AccountAccess, 'details'>): Login {
  return details['login'] === 'page' ? 'page' : 'instagram';
}

export function versionOf({ version }: Pick<PlatformEndpoints, 'version'>): string {
  return version ?? instagramVersion;
}

/** Supported until 2028-07-29. https://developers.facebook.com/docs/graph-api/changelog/versions, read 2026-11. */
export const instagramVersion = 'v25.0';
