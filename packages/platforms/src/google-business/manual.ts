import { z } from 'zod';
import { tokenFields, tokenForm } from '../connect/given-tokens.ts';
import { withGivenTokens } from '../google/manual-tokens.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ManualConnect } from '../port/connect.ts';
import { accountOf, ownersOf, readLocations } from './locations.ts';
import { businessLogin } from './oauth.ts';

const BusinessCredentials = z.strictObject({
  ...tokenFields,
  externalId: z
    .string()
    .trim()
    .regex(/^\d{1,40}$/u, { error: 'must be the number of a location, behind locations/' })
    .optional(),
});

/** For tokens made elsewhere. */
export const businessManual: ManualConnect = {
  fields: tokenForm('Number of the location'),
  credentials: BusinessCredentials,

  async connect({ endpoints, http, credentials: given, now }) {
    const { externalId, ...tokens } = BusinessCredentials.parse(given);
    const { credentials, told } = await withGivenTokens(
      businessLogin,
      { endpoints, http, now },
      tokens,
      (accessToken) => readLocations({ endpoints, http, accessToken }),
    );
    const [location, ...others] = told.filter((each) => externalId === undefined || each.externalId === externalId);
    if (location === undefined)
      throw new PlatformError('permission', 'The token does not open this location', {
        platformCode: 'account_mismatch',
      });
    if (others.length > 0)
      throw new PlatformError('content', `The token opens ${told.length} locations: name one by its number`, {
        platformCode: 'location_not_named',
      });
    const details = ownersOf([location]);
    return { credentials: { ...credentials, details }, service: null, accounts: [accountOf(location)] };
  },
};
