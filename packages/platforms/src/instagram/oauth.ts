import { clientOf, hostOf } from '../http/configured.ts';
import { ownLoginUrl } from '../graph/own-login.ts';
import { dialogUrl, tokenForCode } from '../graph/person-login.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import type { ConnectedGrant, ConsentAnswer, OAuthConnect } from '../port/connect.ts';
import { readAccountsOfPages, readOwnAccount, readPermissions } from './accounts.ts';
import { graphOf, instagramName, type Login, versionOf } from './api.ts';
import { exchangeCode, ownSettings, pageSettings, prolongShort } from './tokens.ts';

const scopes = [
  'instagram_business_basic',
  'instagram_business_content_publish',
  'instagram_business_manage_comments',
  'instagram_business_manage_insights',
] as const;

/** The same by the page's login. https://developers.facebook.com/docs/instagram-platform/instagram-api-with-facebook-login, read 2026-11. */
const pageScopes = [
  'instagram_basic',
  'instagram_content_publish',
  'instagram_manage_comments',
  'instagram_manage_insights',
  'pages_show_list',
  'pages_read_engagement',
] as const;

/**
 * Two logins: Instagram's own, and Facebook's for accounts that belong to a page, where the user names `https://www.facebook.com` as the
 * service. Neither has a way to take a consent back for this platform alone.
 */
export const instagramOAuth: OAuthConnect = {
  scopes,
  pkce: false,

  async begin({ endpoints, redirectUri, state, server }) {
    const login = loginNamed(server);
    if (login === 'page') {
      const base = hostOf(endpoints, 'dialog', instagramName);
      const clientId = clientOf(endpoints, pageSettings, 'page').id;
      const dialog = {
        base,
        version: versionOf(endpoints),
        clientId,
        redirectUri,
        scopes: askedOfPages(endpoints),
        state,
      };
      return { authorizationUrl: dialogUrl(dialog), pending: { login } };
    }
    const own = { platformName: instagramName, client: clientOf(endpoints, ownSettings) };
    return { authorizationUrl: ownLoginUrl(own, { endpoints, redirectUri, state }, scopes), pending: { login } };
  },

  exchange: (answer) => (answer.pending['login'] === 'page' ? exchangeByPage(answer) : exchangeByItself(answer)),
};

/** What Meta does not know of an application, or has not reviewed, spoils its consent page: the operator says what it has beside. */
function askedOfPages({ extraScopes = [] }: Pick<PlatformEndpoints, 'extraScopes'>): string[] {
  return [...new Set([...pageScopes, ...extraScopes])];
}

async function exchangeByItself(answer: ConsentAnswer): Promise<ConnectedGrant> {
  const { token, granted } = await exchangeCode(answer);
  const credentials = await prolongShort({ ...answer, accessToken: token });
  const account = await readOwnAccount({ ...answer, accessToken: credentials.accessToken });
  return { credentials: { ...credentials, scopes: granted }, service: null, accounts: [account] };
}

async function exchangeByPage({ endpoints, http, code, redirectUri }: ConsentAnswer): Promise<ConnectedGrant> {
  const client = clientOf(endpoints, pageSettings, 'page');
  const login = { http, platformName: instagramName, graph: graphOf(endpoints, 'page'), client };
  const accessToken = await tokenForCode(login, code, redirectUri);
  const call = { endpoints, http, accessToken };
  const [granted, found] = await Promise.all([readPermissions(call), readAccountsOfPages(call)]);
  if (found.length === 0) throw noAccount();
  return {
    credentials: {
      accessToken,
      refreshToken: accessToken,
      accountTokens: Object.fromEntries(found.map(({ externalId, token }) => [externalId, token])),
      details: { login: 'page' satisfies Login },
      scopes: granted,
    },
    service: null,
    accounts: found.map(({ token: _token, ...account }) => account),
  };
}

export function noAccount(): PlatformError {
  const message = 'None of the pages has a professional Instagram account that may be posted to';
  return new PlatformError('permission', message, { platformCode: 'no_account' });
}

/** @throws PlatformError `content` for an address that is neither of the two */
function loginNamed(server: string | null): Login {
  const host = server !== null && URL.canParse(server) ? new URL(server).hostname.replace(/^www\./u, '') : server;
  if (host === null || host === 'instagram.com') return 'instagram';
  if (host === 'facebook.com') return 'page';
  const message = 'Name https://www.instagram.com, or https://www.facebook.com for an account that belongs to a page';
  throw new PlatformError('content', message, { platformCode: 'login_unknown' });
}
