import { GivenTime } from '@vibetribe/contracts/given-time';
import { z } from 'zod';
import { secretField } from '../connect/credential-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ConnectedGrant, ManualConnect } from '../port/connect.ts';
import { accountOf, readBoards } from './boards.ts';

const PinterestCredentials = z.strictObject({
  accessToken: secretField('the access token'),
  refreshToken: secretField('the refresh token').optional(),
  expiresAt: GivenTime.optional(),
  externalId: z
    .string()
    .trim()
    .regex(/^\d{1,30}$/u, { error: "must be the board's id, a number" })
    .optional(),
});

/** What Pinterest's tokens live, where it is not said. */
const lifeMs = 30 * 24 * 3_600_000;

/** A token of a user, for one of their boards. */
export const pinterestManual: ManualConnect = {
  fields: [
    { name: 'accessToken', label: 'Access token', secret: true, required: true },
    { name: 'refreshToken', label: 'Refresh token', secret: true, required: false },
    { name: 'expiresAt', label: 'Access token expires at', secret: false, required: false },
    { name: 'externalId', label: 'Board id', secret: false, required: false },
  ],
  credentials: PinterestCredentials,

  async connect({ endpoints, http, credentials, now }): Promise<ConnectedGrant> {
    const { accessToken, refreshToken, expiresAt, externalId } = PinterestCredentials.parse(credentials);
    const boards = await readBoards({ endpoints, http, accessToken });
    const [board, ...others] = boards.filter(({ id }) => externalId === undefined || id === externalId);
    if (board === undefined) {
      const message = 'The token opens no such board';
      throw new PlatformError('permission', message, { platformCode: 'account_mismatch' });
    }
    if (others.length > 0) {
      const message = `The token opens ${boards.length} boards: name one by its id`;
      throw new PlatformError('content', message, { platformCode: 'board_not_named' });
    }
    return {
      credentials: {
        accessToken,
        ...(refreshToken === undefined ? {} : { refreshToken }),
        expiresAt: expiresAt ?? new Date(now.getTime() + lifeMs).toISOString(),
        scopes: [],
      },
      service: null,
      accounts: [accountOf(board)],
    };
  },
};
