import { GivenTime } from '@vibetribe/contracts/given-time';
import { z } from 'zod';
import { secretField } from '../connect/credential-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ConnectedGrant, Credentials, ManualConnect } from '../port/connect.ts';
import { readProfile } from './profile.ts';
import { prolongLong, type TokenCall } from './tokens.ts';

const ThreadsCredentials = z.strictObject({
  accessToken: secretField('the access token'),
  /** Clients that treat every platform alike name one. Threads renews the access token by itself. */
  refreshToken: secretField('the refresh token').optional(),
  expiresAt: GivenTime.optional(),
  externalId: z
    .string()
    .trim()
    .regex(/^\d{1,30}$/u, { error: "must be the profile's id, a number" })
    .optional(),
});

export const threadsManual: ManualConnect = {
  fields: [
    { name: 'accessToken', label: 'Access token', secret: true, required: true },
    { name: 'expiresAt', label: 'Access token expires at', secret: false, required: false },
    { name: 'externalId', label: 'Profile id', secret: false, required: false },
  ],
  credentials: ThreadsCredentials,

  async connect({ endpoints, http, credentials, now }): Promise<ConnectedGrant> {
    const { accessToken, expiresAt, externalId } = ThreadsCredentials.parse(credentials);
    const call = { endpoints, http, now, accessToken };
    const account = await readProfile(call);
    if (externalId !== undefined && externalId !== account.externalId) {
      const message = 'The token belongs to another Threads profile';
      throw new PlatformError('permission', message, { platformCode: 'account_mismatch' });
    }
    const known = expiresAt === undefined ? await renewed(call) : asGiven(call, expiresAt);
    return { credentials: known, service: null, accounts: [account] };
  },
};

/** A token from elsewhere does not say when it ends; what lives longest lives so long. */
const lifeMsMax = 60 * 24 * 3_600_000;

/** One that is a day old is renewed at once, and says when it ends. */
async function renewed(call: TokenCall): Promise<Credentials> {
  try {
    return await prolongLong(call);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return asGiven(call, new Date(call.now.getTime() + lifeMsMax).toISOString());
  }
}

function asGiven({ accessToken, now }: TokenCall, expiresAt: string): Credentials {
  return { accessToken, issuedAt: now.toISOString(), expiresAt, scopes: [] };
}
