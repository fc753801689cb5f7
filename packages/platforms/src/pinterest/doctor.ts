import { z } from 'zod';
import { clientIsKnown } from '../connect/client-checks.ts';
import type { DoctorCheck, DoctorDescription } from '../port/doctor.ts';
import { pinterestName } from './api.ts';
import { askTokens } from './oauth.ts';

const consoleUrl = 'https://developers.pinterest.com/apps/';

export const pinterestDoctor: DoctorDescription = {
  consoleUrl,
  scopes: [
    { name: 'boards:read', purpose: 'to list the boards of a user, and who follows them', review: 'none' },
    { name: 'boards:write', purpose: 'to pin to them', review: 'none' },
    { name: 'pins:read', purpose: 'to read back what was pinned, and its numbers', review: 'none' },
    { name: 'pins:write', purpose: 'to pin, edit and remove', review: 'review' },
    { name: 'user_accounts:read', purpose: 'to know who consented', review: 'none' },
  ],

  /** Whether the application's id and secret belong together. Which access it has is not told to anybody. */
  async check({ endpoints, http }) {
    return [await credentials({ endpoints, http }), access];
  },
};

const access: DoctorCheck = {
  name: 'access',
  status: 'unknown',
  detail:
    'With trial access Pinterest refuses pins (403/29) or shows them to their author alone, and allows 1,000 calls a day. It does not tell which access an application has',
  action: `Ask for standard access at ${consoleUrl}; until then set PINTEREST_API_URL to https://api-sandbox.pinterest.com`,
};

function credentials(call: Parameters<typeof askTokens>[0]): Promise<DoctorCheck> {
  const form = { grant_type: 'client_credentials', scope: 'user_accounts:read' };
  return clientIsKnown(() => askTokens(call, form, z.unknown()), {
    name: 'credentials',
    platformName: pinterestName,
    refusals: ['permission', 'auth_revoked'],
    whenRefused: `Compare PINTEREST_CLIENT_ID and PINTEREST_CLIENT_SECRET with the application at ${consoleUrl}`,
  });
}
