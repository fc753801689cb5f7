import { GivenTime } from '@vibetribe/contracts/given-time';
import { z } from 'zod';
import { secretField } from '../connect/credential-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ConnectedGrant, ManualConnect } from '../port/connect.ts';
import { readUser } from './creator.ts';

const TikTokCredentials = z.strictObject({
  accessToken: secretField('the access token'),
  refreshToken: secretField('the refresh token').optional(),
  expiresAt: GivenTime.optional(),
  externalId: z.string().trim().min(1).max(200).optional(),
});

/** What TikTok's tokens live since November 2026, where it is not said. */
const lifeMs = 2 * 3_600_000;

export const tiktokManual: ManualConnect = {
  fields: [
    { name: 'accessToken', label: 'Access token', secret: true, required: true },
    { name: 'refreshToken', label: 'Refresh token', secret: true, required: false },
    { name: 'expiresAt', label: 'Access token expires at', secret: false, required: false },
    { name: 'externalId', label: 'open_id of the user', secret: false, required: false },
  ],
  credentials: TikTokCredentials,

  async connect({ endpoints, http, credentials, now }): Promise<ConnectedGrant> {
    const { accessToken, refreshToken, expiresAt, externalId } = TikTokCredentials.parse(credentials);
    const account = await readUser({ endpoints, http, accessToken });
    if (externalId !== undefined && externalId !== account.externalId) {
      const message = 'The token belongs to another user';
      throw new PlatformError('permission', message, { platformCode: 'account_mismatch' });
    }
    return {
      credentials: {
        accessToken,
        ...(refreshToken === undefined ? {} : { refreshToken }),
        expiresAt: expiresAt ?? new Date(now.getTime() + lifeMs).toISOString(),
        scopes: [],
      },
      service: null,
      accounts: [account],
    };
  },
};
