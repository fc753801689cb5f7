import { type GoogleLogin, googleRefresh } from '../google/login.ts';
import { googleOAuth } from '../google/oauth-connect.ts';
import { businessName } from './api.ts';
import { accountOf, ownersOf, readLocations } from './locations.ts';

export const businessLogin: GoogleLogin = {
  platformName: businessName,
  settings: 'GOOGLE_BUSINESS_CLIENT_ID and GOOGLE_BUSINESS_CLIENT_SECRET',
  scopes: ['openid', 'https://www.googleapis.com/auth/business.manage'],
};

/** https://developers.google.com/my-business/content/implement-oauth, read 2026-11. */
export const businessOAuth = googleOAuth(businessLogin, async (call) => {
  const locations = await readLocations(call);
  return { accounts: locations.map(accountOf), details: ownersOf(locations) };
});

export const businessRefresh = googleRefresh(businessLogin);
