import { z } from 'zod';
import { credentialsGiven, tokenFields, tokenForm } from '../connect/given-tokens.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ConnectedGrant, ManualConnect } from '../port/connect.ts';
import { accountOf, readBoards } from './boards.ts';

const PinterestCredentials = z.strictObject({
  ...tokenFields,
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
  fields: tokenForm('Board id'),
  credentials: PinterestCredentials,

  async connect({ endpoints, http, credentials, now }): Promise<ConnectedGrant> {
    const { externalId, ...tokens } = PinterestCredentials.parse(credentials);
    const boards = await readBoards({ endpoints, http, accessToken: tokens.accessToken });
    const [board, ...others] = boards.filter(({ id }) => externalId === undefined || id === externalId);
    if (board === undefined) {
      const message = 'The token opens no such board';
      throw new PlatformError('permission', message, { platformCode: 'account_mismatch' });
    }
    if (others.length > 0) {
      const message = `The token opens ${boards.length} boards: name one by its id`;
      throw new PlatformError('content', message, { platformCode: 'board_not_named' });
    }
    const expiresAt = tokens.expiresAt ?? new Date(now.getTime() + lifeMs).toISOString();
    return {
      credentials: credentialsGiven({ ...tokens, expiresAt }),
      service: null,
      accounts: [accountOf(board)],
    };
  },
};
