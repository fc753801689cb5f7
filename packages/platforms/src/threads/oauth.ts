import { ownLoginUrl } from '../graph/own-login.ts';
import { clientOf } from '../http/configured.ts';
import type { OAuthConnect } from '../port/connect.ts';
import { threadsName } from './api.ts';
import { readProfile } from './profile.ts';
import { clientSettings, exchangeCode, prolongShort } from './tokens.ts';

export const threadsScopes = [
  'threads_basic',
  'threads_content_publish',
  'threads_manage_replies',
  'threads_read_replies',
  'threads_manage_insights',
  'threads_delete',
] as const;

/** https://developers.facebook.com/docs/threads/get-started/get-access-tokens-and-permissions, read 2026-11. There is no way to take a consent back. */
export const threadsOAuth: OAuthConnect = {
  scopes: threadsScopes,
  pkce: false,

  async begin(request) {
    const login = { platformName: threadsName, client: clientOf(request.endpoints, clientSettings) };
    return { authorizationUrl: ownLoginUrl(login, request, threadsScopes) };
  },

  async exchange(answer) {
    const { endpoints, http, now } = answer;
    const accessToken = await exchangeCode(answer);
    const credentials = await prolongShort({ endpoints, http, now, accessToken });
    const account = await readProfile({ endpoints, http, accessToken: credentials.accessToken });
    return { credentials: { ...credentials, scopes: [...threadsScopes] }, service: null, accounts: [account] };
  },
};
