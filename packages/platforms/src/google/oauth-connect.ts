import type { TokenAccess } from '../connect/token-access.ts';
import type { ConnectedGrant, OAuthConnect } from '../port/connect.ts';
import { exchangeGoogleCode, googleConsentUrl, type GoogleLogin, revokeGoogle } from './login.ts';

/** Connecting through Google's consent page. @param readAccounts of the person who consented, and what the grant keeps beside its tokens */
export function googleOAuth(
  login: GoogleLogin,
  readAccounts: (
    call: TokenAccess,
  ) => Promise<Pick<ConnectedGrant, 'accounts'> & { readonly details?: Readonly<Record<string, string>> }>,
): OAuthConnect {
  return {
    scopes: login.scopes,
    pkce: true,

    begin: async (request) => ({ authorizationUrl: googleConsentUrl(login, request) }),

    async exchange(answer) {
      const { credentials, person } = await exchangeGoogleCode(login, answer);
      const { endpoints, http } = answer;
      const { accounts, details } = await readAccounts({ endpoints, http, accessToken: credentials.accessToken });
      return {
        credentials: { ...credentials, ...(details === undefined ? {} : { details }) },
        service: null,
        ...(person === null ? {} : { grantedBy: person }),
        accounts,
      };
    },

    revoke: (request) => revokeGoogle(login, request),
  };
}
