import { z } from 'zod';
import { timeAt } from '../answers/answer-fields.ts';
import { credentialsGiven, tokenFields, tokenForm } from '../connect/given-tokens.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ConnectedGrant, ManualConnect } from '../port/connect.ts';
import type { TokenAccess } from '../connect/token-access.ts';
import { authorUrn, isOrganization, readOrganization, readPerson } from './members.ts';
import { callAuthorization, loginFor } from './tokens.ts';

const LinkedInCredentials = z.strictObject({
  ...tokenFields,
  externalId: z
    .string()
    .trim()
    .regex(authorUrn, { error: 'must be a URN like urn:li:person:… or urn:li:organization:…' })
    .optional(),
});

/** What lives longest lives so long. */
const lifeMsMax = 60 * 24 * 3_600_000;

/** A token of a person, for themselves or for an organization that they run. */
export const linkedInManual: ManualConnect = {
  fields: tokenForm('URN of the person or organization'),
  credentials: LinkedInCredentials,

  async connect({ endpoints, http, credentials, now }): Promise<ConnectedGrant> {
    const { externalId, ...tokens } = LinkedInCredentials.parse(credentials);
    const call = { endpoints, http, accessToken: tokens.accessToken };
    const account =
      externalId !== undefined && isOrganization(externalId)
        ? await readOrganization(call, externalId)
        : await readPerson(call);
    if (externalId !== undefined && externalId !== account.externalId) {
      const message = 'The token belongs to another person';
      throw new PlatformError('permission', message, { platformCode: 'account_mismatch' });
    }
    const told = await introspect(call);
    const expiresAt = tokens.expiresAt ?? told.expiresAt ?? new Date(now.getTime() + lifeMsMax).toISOString();
    return {
      credentials: {
        ...credentialsGiven({ ...tokens, expiresAt }),
        issuedAt: now.toISOString(),
        scopes: told.scopes,
      },
      service: null,
      accounts: [account],
    };
  },
};

const Introspected = z.object({
  expires_at: z.number().optional().catch(undefined),
  scope: z.string().default(''),
});

/** When the token ends and what it allows, where LinkedIn tells that to our application. */
async function introspect({ endpoints, http, accessToken }: TokenAccess) {
  try {
    const form = { token: accessToken };
    const login = loginFor(endpoints);
    const told = await callAuthorization(
      { endpoints, http, login },
      { path: 'introspectToken', form, answer: Introspected },
    );
    return { expiresAt: timeAt(told.expires_at), scopes: told.scope.split(/[\s,]+/u).filter((scope) => scope !== '') };
  } catch (error) {
    if (error instanceof PlatformError) return { expiresAt: undefined, scopes: [] };
    throw error;
  }
}
