import { z } from 'zod';
import type { Credentials, ManualConnect } from '../port/connect.ts';
import { PlatformError } from '../port/platform-error.ts';
import { credentialsGiven, tokenFields, tokenForm } from '../connect/given-tokens.ts';
import { whoAmI } from './api.ts';
import { refreshX, revokeX } from './oauth.ts';

const XCredentials = z.strictObject({
  ...tokenFields,
  externalId: z
    .string()
    .regex(/^\d{1,19}$/u, { error: 'must be the numeric user id' })
    .optional(),
});

/** For tokens made elsewhere, such as in X's developer portal. */
export const xManual: ManualConnect = {
  fields: tokenForm('User id'),
  credentials: XCredentials,

  async connect({ endpoints, http, credentials: given, now }) {
    const { externalId, ...tokens } = XCredentials.parse(given);
    const credentials = credentialsGiven(tokens);
    const known = await identify({ endpoints, http, credentials, now });
    if (externalId !== undefined && externalId !== known.account.externalId) {
      if (known.credentials !== credentials) await giveBack({ endpoints, http, credentials: known.credentials });
      throw new PlatformError('permission', 'The token belongs to another X account', {
        platformCode: 'account_mismatch',
      });
    }
    return { credentials: known.credentials, service: null, accounts: [known.account] };
  },
};

type IdentifyCall = Parameters<typeof refreshX>[0];
interface Identified {
  readonly account: Awaited<ReturnType<typeof whoAmI>>;
  readonly credentials: Credentials;
}

/** Whose the credentials are. An access token that has ended is renewed first where there is something to renew it with. */
async function identify(call: IdentifyCall): Promise<Identified> {
  const { credentials } = call;
  try {
    return { account: await whoAmI({ ...call, accessToken: credentials.accessToken }), credentials };
  } catch (error) {
    const hasEnded = error instanceof PlatformError && error.kind === 'auth_expired';
    if (!hasEnded || credentials.refreshToken === undefined) throw error;
  }
  const renewed = await refreshX(call);
  for (let tries = 1; ; tries += 1) {
    try {
      return { account: await whoAmI({ ...call, accessToken: renewed.accessToken }), credentials: renewed };
    } catch (error) {
      // The token handed in is used up by now, so the new one gets another chance before it is given up.
      const isSilence = error instanceof PlatformError && (error.kind === 'network' || error.kind === 'unavailable');
      if (isSilence && tries < triesMax) continue;
      await giveBack({ ...call, credentials: renewed });
      throw error;
    }
  }
}

const triesMax = 3;

/** What was renewed and is kept nowhere must not stay good. */
async function giveBack(call: Parameters<typeof revokeX>[0]): Promise<void> {
  await revokeX(call).catch(() => undefined);
}
