import {
  exchangeGoogleCode,
  googleConsentUrl,
  type GoogleLogin,
  googleRefresh,
  revokeGoogle,
} from '../google/login.ts';
import type { ConnectedGrant, OAuthConnect } from '../port/connect.ts';
import { businessName } from './api.ts';
import { accountOf, ownersOf, readLocations } from './locations.ts';

export const businessLogin: GoogleLogin = {
  platformName: businessName,
  settings: 'GOOGLE_BUSINESS_CLIENT_ID and GOOGLE_BUSINESS_CLIENT_SECRET',
  scopes: ['openid', 'https://www.googleapis.com/auth/business.manage'],
};

/** https://developers.google.com/my-business/content/implement-oauth, read 2026-11. */
export const businessOAuth: OAuthConnect = {
  scopes: businessLogin.scopes,
  pkce: true,

  begin: async (request) => ({ authorizationUrl: googleConsentUrl(businessLogin, request) }),

  async exchange(answer): Promise<ConnectedGrant> {
    const { credentials, person } = await exchangeGoogleCode(businessLogin, answer);
    const { endpoints, http } = answer;
    const locations = await readLocations({ endpoints, http, accessToken: credentials.accessToken });
    return {
      credentials: { ...credentials, details: ownersOf(locations) },
      service: null,
      ...(person === null ? {} : { grantedBy: person }),
      accounts: locations.map(accountOf),
    };
  },

  revoke: (request) => revokeGoogle(businessLogin, request),
};

export const businessRefresh = googleRefresh(businessLogin);
