import { z } from 'zod';
import { tokenFields, tokenForm } from '../connect/given-tokens.ts';
import { withGivenTokens } from '../google/manual-tokens.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ManualConnect } from '../port/connect.ts';
import { readOwnChannels } from './channels.ts';
import { youTubeLogin } from './oauth.ts';

const YouTubeCredentials = z.strictObject({
  ...tokenFields,
  externalId: z
    .string()
    .trim()
    .regex(/^UC[\w-]{1,60}$/u, { error: 'must be the id of a channel, like UC…' })
    .optional(),
});

/** For tokens made elsewhere. */
export const youTubeManual: ManualConnect = {
  fields: tokenForm('Channel id'),
  credentials: YouTubeCredentials,

  async connect({ endpoints, http, credentials: given, now }) {
    const { externalId, ...tokens } = YouTubeCredentials.parse(given);
    const { credentials, told } = await withGivenTokens(youTubeLogin, { endpoints, http, now }, tokens, (accessToken) =>
      readOwnChannels({ endpoints, http, accessToken }),
    );
    const [channel, ...others] = told.filter((each) => externalId === undefined || each.externalId === externalId);
    if (channel === undefined)
      throw new PlatformError('permission', 'The token opens another channel', { platformCode: 'account_mismatch' });
    if (others.length > 0)
      throw new PlatformError('content', `The token opens ${told.length} channels: name one by its id`, {
        platformCode: 'channel_not_named',
      });
    return { credentials, service: null, accounts: [channel] };
  },
};
