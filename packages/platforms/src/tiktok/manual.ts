import { z } from 'zod';
import { credentialsGiven, tokenFields, tokenForm } from '../connect/given-tokens.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ConnectedGrant, ManualConnect } from '../port/connect.ts';
import { readUser } from './creator.ts';

const TikTokCredentials = z.strictObject({
  ...tokenFields,
  externalId: z.string().trim().min(1).max(200).optional(),
});

/** What TikTok's tokens live since November 2026, where it is not said. */
const lifeMs = 2 * 3_600_000;

export const tiktokManual: ManualConnect = {
  fields: tokenForm('open_id of the user'),
  credentials: TikTokCredentials,

  async connect({ endpoints, http, credentials, now }): Promise<ConnectedGrant> {
    const { externalId, ...tokens } = TikTokCredentials.parse(credentials);
    const account = await readUser({ endpoints, http, accessToken: tokens.accessToken });
    if (externalId !== undefined && externalId !== account.externalId) {
      const message = 'The token belongs to another user';
      throw new PlatformError('permission', message, { platformCode: 'account_mismatch' });
    }
    const expiresAt = tokens.expiresAt ?? new Date(now.getTime() + lifeMs).toISOString();
    return {
      credentials: credentialsGiven({ ...tokens, expiresAt }),
      service: null,
      accounts: [account],
    };
  },
};
