import { clientIsKnown } from '../connect/client-checks.ts';
import type { DoctorDescription } from '../port/doctor.ts';
import { xName } from './api.ts';
import { revokeX } from './oauth.ts';

export const xDoctor: DoctorDescription = {
  consoleUrl: 'https://console.x.com',
  scopes: [
    { name: 'tweet.read', purpose: 'to read back what was posted, and its numbers', review: 'none' },
    { name: 'tweet.write', purpose: 'to post', review: 'none' },
    { name: 'users.read', purpose: 'to know the account and its number of followers', review: 'none' },
    { name: 'media.write', purpose: 'to upload pictures and videos', review: 'none' },
    { name: 'offline.access', purpose: 'to renew a token that lives two hours', review: 'none' },
  ],

  /** X takes back a token that it never gave from an application that it knows, and from no other. */
  async check({ endpoints, http }) {
    if (endpoints.client === null) return [];
    const credentials = { accessToken: 'no-token-at-all', scopes: [] };
    const known = await clientIsKnown(() => revokeX({ endpoints, http, credentials }), {
      name: 'application',
      platformName: xName,
      isKnown: ({ kind, platformCode }) => kind === 'auth_revoked' && platformCode !== 'http_401',
      whenRefused:
        'Compare X_CLIENT_ID and X_CLIENT_SECRET with “Keys and tokens” of the application: OAuth 2.0, a confidential client',
      whenSilent: 'Ask again later; if it stays so, see whether this server reaches api.x.com',
    });
    return [known];
  },
};
