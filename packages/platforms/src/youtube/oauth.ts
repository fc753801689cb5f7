import {
  exchangeGoogleCode,
  googleConsentUrl,
  type GoogleLogin,
  googleRefresh,
  revokeGoogle,
} from '../google/login.ts';
import type { ConnectedGrant, OAuthConnect } from '../port/connect.ts';
import { youTubeName } from './api.ts';
import { readOwnChannels } from './channels.ts';

/** For the numbers of YouTube Analytics alone. */
export const analyticsScope = 'https://www.googleapis.com/auth/yt-analytics.readonly';

export const youTubeLogin: GoogleLogin = {
  platformName: youTubeName,
  settings: 'YOUTUBE_CLIENT_ID and YOUTUBE_CLIENT_SECRET',
  scopes: [
    'openid',
    'https://www.googleapis.com/auth/youtube.upload',
    'https://www.googleapis.com/auth/youtube',
    'https://www.googleapis.com/auth/youtube.force-ssl',
    analyticsScope,
  ],
};

/** https://developers.google.com/youtube/v3/guides/auth/server-side-web-apps, read 2026-11. */
export const youTubeOAuth: OAuthConnect = {
  scopes: youTubeLogin.scopes,
  pkce: true,

  begin: async (request) => ({ authorizationUrl: googleConsentUrl(youTubeLogin, request) }),

  async exchange(answer): Promise<ConnectedGrant> {
    const { credentials, person } = await exchangeGoogleCode(youTubeLogin, answer);
    const { endpoints, http } = answer;
    const accounts = await readOwnChannels({ endpoints, http, accessToken: credentials.accessToken });
    return { credentials, service: null, ...(person === null ? {} : { grantedBy: person }), accounts };
  },

  revoke: (request) => revokeGoogle(youTubeLogin, request),
};

export const youTubeRefresh = googleRefresh(youTubeLogin);
