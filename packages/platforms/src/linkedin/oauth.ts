import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { authorizeOf } from '../http/configured.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ConnectedGrant, OAuthConnect } from '../port/connect.ts';
import type { TokenAccess } from '../connect/token-access.ts';
import { linkedInName } from './api.ts';
import { type Member, readOrganizations, readPerson } from './members.ts';
import { askTokens, callAuthorization, clientFor, type Login, loginFor, loginOf } from './tokens.ts';

const scopesOf: Readonly<Record<Login, readonly string[]>> = {
  member: ['openid', 'profile', 'w_member_social'],
  organization: [
    'r_basicprofile',
    'rw_organization_admin',
    'w_member_social',
    'w_organization_social',
    'r_organization_social',
    'w_member_social_feed',
    'w_organization_social_feed',
    'r_organization_social_feed',
    'r_member_postAnalytics',
    'r_member_profileAnalytics',
  ],
};

/** https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow, read 2026-11. A grant opens the person and the organizations that they run. */
export const linkedInOAuth: OAuthConnect = {
  scopes: scopesOf.member,
  pkce: false,

  async begin({ endpoints, redirectUri, state }) {
    const login = loginFor(endpoints);
    const url = new URL(`${authorizeOf(endpoints, linkedInName)}/oauth/v2/authorization`);
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: clientFor(endpoints, login).id,
      redirect_uri: redirectUri,
      state,
      scope: scopesOf[login].join(' '),
    }).toString();
    return { authorizationUrl: url.href, pending: { login } };
  },

  async exchange({ endpoints, http, redirectUri, code, pending, now }): Promise<ConnectedGrant> {
    const login = loginOf({ details: pending }, endpoints);
    const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
    const credentials = await askTokens({ endpoints, http, login, now }, form);
    const call = { endpoints, http, accessToken: credentials.accessToken };
    const person = await readFreshPerson(call);
    const organizations = login === 'organization' ? await readOrganizations(call) : [];
    const scopes = credentials.scopes.length === 0 ? [...scopesOf[login]] : credentials.scopes;
    return { credentials: { ...credentials, scopes }, service: null, accounts: [person, ...organizations] };
  },

  async revoke({ endpoints, http, credentials }) {
    const login = loginOf(credentials, endpoints);
    const form = { token: credentials.accessToken };
    await callAuthorization({ endpoints, http, login }, { path: 'revoke', form, answer: z.unknown() });
  },
};

const triesMax = 4;
const betweenTriesMs = 1_000;

/** For some seconds after its issue LinkedIn may call a token revoked. */
async function readFreshPerson(call: TokenAccess): Promise<Member> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await readPerson(call);
    } catch (error) {
      if (!(error instanceof PlatformError && error.kind === 'auth_revoked' && tries < triesMax)) throw error;
      await delay(betweenTriesMs);
    }
  }
}
