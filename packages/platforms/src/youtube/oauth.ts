import { type GoogleLogin, googleRefresh } from '../google/login.ts';
import { googleOAuth } from '../google/oauth-connect.ts';
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
export const youTubeOAuth = googleOAuth(youTubeLogin, async (call) => ({ accounts: await readOwnChannels(call) }));

export const youTubeRefresh = googleRefresh(youTubeLogin);
