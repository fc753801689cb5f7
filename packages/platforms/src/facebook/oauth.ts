import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { apiOf, authorizeOf, clientOf } from '../http/configured.ts';
import { graphGrantRefusal } from '../graph/errors.ts';
import { dialogUrl, isRefused, type PersonLogin, prolong, tokenForCode } from '../graph/person-login.ts';
import { grantedIn, Permissions } from '../graph/scopes.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ConnectedGrant, Credentials, OAuthConnect, RefreshRequest, TokenRefresh } from '../port/connect.ts';
import { callFacebook, facebookName, versionOf } from './api.ts';
import { accountOf, readManagedPages, readOwnPage, type PageCall } from './pages.ts';

const scopes = [
  'pages_show_list',
  'pages_read_engagement',
  'pages_manage_posts',
  'pages_manage_engagement',
  'pages_read_user_content',
  'read_insights',
] as const;

const settings = 'FACEBOOK_CLIENT_ID and FACEBOOK_CLIENT_SECRET';

/** Facebook Login: a person chooses pages, each with a token of its own that does not end. https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow, read 2026-11. */
export const facebookOAuth: OAuthConnect = {
  scopes,
  pkce: false,

  async begin({ endpoints, redirectUri, state }) {
    const base = authorizeOf(endpoints, facebookName);
    const clientId = clientOf(endpoints, settings).id;
    const dialog = { base, version: versionOf(endpoints), clientId, redirectUri, scopes, state };
    return { authorizationUrl: dialogUrl(dialog) };
  },

  async exchange({ endpoints, http, redirectUri, code }): Promise<ConnectedGrant> {
    const accessToken = await tokenForCode(loginOf({ endpoints, http }), code, redirectUri);
    const call = { endpoints, http, accessToken };
    const [person, granted, pages] = await Promise.all([
      callFacebook({ ...call, method: 'GET', path: '/me', query: { fields: 'id' }, effect: 'read', answer: Person }),
      callFacebook({ ...call, method: 'GET', path: '/me/permissions', effect: 'read', answer: Permissions }),
      readManagedPages(call),
    ]);
    const accountTokens = Object.fromEntries(pages.map(({ id, access_token: token }) => [id, token]));
    if (pages.length === 0) throw noPage();
    return {
      credentials: { accessToken, refreshToken: accessToken, accountTokens, scopes: grantedIn(granted) },
      service: null,
      grantedBy: person.id,
      accounts: pages.map(accountOf),
    };
  },

  async revoke({ endpoints, http, credentials: { refreshToken } }) {
    if (refreshToken === undefined) return;
    const call = { endpoints, http, accessToken: refreshToken, method: 'DELETE', path: '/me/permissions' } as const;
    await callFacebook({ ...call, effect: 'idempotent', answer: z.unknown(), refusalOf: graphGrantRefusal });
  },
};

/** A page's token does not end by itself; where it was ended, the person's token makes a new one. */
export const facebookRefresh: TokenRefresh = {
  cost: 'repeatable',
  isPossible: ({ refreshToken }) => refreshToken !== undefined,
  refresh,
};

async function refresh({ endpoints, http, account, credentials }: RefreshRequest): Promise<Credentials> {
  const { refreshToken, accountTokens = {} } = credentials;
  if (refreshToken === undefined) throw personMissing();
  const accessToken = await prolonged({ endpoints, http, accessToken: refreshToken });
  const pages = await readManagedPages({ endpoints, http, accessToken }).catch(async (error: unknown) => {
    // A person's token ends after 60 days, the pages' tokens do not end with it.
    if (!isRefused(error)) throw error;
    await confirmLife({ endpoints, http, accessToken: accountTokens[account.externalId] ?? credentials.accessToken });
    return null;
  });
  if (pages === null) return withoutPerson(credentials);
  const known = Object.keys(accountTokens);
  const fresh = pages.filter(({ id }) => known.length === 0 || known.includes(id));
  // One page that is lost does not take the others with it: its own token is refused.
  if (fresh.length === 0) throw pagesLost();
  const tokens = Object.fromEntries(fresh.map(({ id, access_token: token }) => [id, token]));
  return { ...credentials, accessToken, refreshToken: accessToken, accountTokens: { ...accountTokens, ...tokens } };
}

/** The token for another 60 days where the application may ask for that, else the one that is there. */
async function prolonged(call: PageCall): Promise<string> {
  if (call.endpoints.client === null) return call.accessToken;
  try {
    return await prolong(loginOf(call), call.accessToken);
  } catch (error) {
    if (isRefused(error)) return call.accessToken;
    throw error;
  }
}

/** @throws PlatformError `auth_revoked` where the page's token is dead too */
async function confirmLife(call: PageCall): Promise<void> {
  try {
    await readOwnPage(call);
  } catch (cause) {
    if (!isRefused(cause)) throw cause;
    throw new PlatformError('auth_revoked', 'Facebook takes neither the token of the page nor that of its person', {
      platformCode: 'grant_dead',
      cause,
    });
  }
}

function withoutPerson({ refreshToken: _ended, ...credentials }: Credentials): Credentials {
  return credentials;
}

const Person = z.object({ id: foreignNumericId() });
function loginOf({ endpoints, http }: Pick<PageCall, 'endpoints' | 'http'>): PersonLogin {
  const graph = `${apiOf(endpoints, facebookName)}/${versionOf(endpoints)}`;
  return { http, platformName: facebookName, graph, client: clientOf(endpoints, settings) };
}

function noPage(): PlatformError {
  const message = 'There is no page that this person may post to with the permissions given';
  return new PlatformError('permission', message, { platformCode: 'no_page' });
}

function pagesLost(): PlatformError {
  const message = 'None of the pages that were connected is there for this person any more';
  return new PlatformError('auth_revoked', message, { platformCode: 'no_page' });
}

function personMissing(): PlatformError {
  const message = 'Facebook gave no token of a person with which to renew the one of the page';
  return new PlatformError('auth_revoked', message, { platformCode: 'refresh_token_missing' });
}
