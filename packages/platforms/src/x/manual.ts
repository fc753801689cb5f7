import { z } from 'zod';
import type { ManualConnect } from '../port/connect.ts';
import { PlatformError } from '../platform-error.ts';
import { secretField } from '../credential-fields.ts';
import { whoAmI } from './api.ts';

const XCredentials = z.strictObject({
  accessToken: secretField('the access token'),
  refreshToken: secretField('the refresh token').optional(),
  expiresAt: z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time with offset' }).optional(),
  externalId: z
    .string()
    .regex(/^\d{1,19}$/u, { error: 'must be the numeric user id' })
    .optional(),
});

/** For tokens made elsewhere, such as in X's developer portal. */
export const xManual: ManualConnect = {
  fields: [
    { name: 'accessToken', label: 'Access token', secret: true, required: true },
    { name: 'refreshToken', label: 'Refresh token', secret: true, required: false },
    { name: 'expiresAt', label: 'Access token expires at', secret: false, required: false },
    { name: 'externalId', label: 'User id', secret: false, required: false },
  ],
  credentials: XCredentials,

  async connect({ endpoints, http, credentials }) {
    const { accessToken, refreshToken, expiresAt, externalId } = XCredentials.parse(credentials);
    const account = await whoAmI({ endpoints, http, accessToken });
    if (externalId !== undefined && externalId !== account.externalId) {
      throw new PlatformError('permission', 'The token belongs to another X account', {
        platformCode: 'account_mismatch',
      });
    }
    return {
      credentials: {
        accessToken,
        ...(refreshToken === undefined ? {} : { refreshToken }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
        scopes: [],
      },
      service: null,
      accounts: [account],
    };
  },
};
