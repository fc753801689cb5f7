import { GivenTime } from '@vibetribe/contracts/given-time';
import { z } from 'zod';
import { secretField } from '../connect/credential-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ConnectedGrant, Credentials, ManualConnect } from '../port/connect.ts';
import { readAccountOfPage, readAccountsOfPages, readOwnAccount, type TokenCall } from './accounts.ts';
import type { Login } from './api.ts';
import { noAccount } from './oauth.ts';
import { prolongLong } from './tokens.ts';

const InstagramCredentials = z.strictObject({
  accessToken: secretField('the access token'),
  refreshToken: secretField("the person's token").optional(),
  expiresAt: GivenTime.optional(),
  externalId: z
    .string()
    .trim()
    .regex(/^\d{1,30}$/u, { error: "must be the professional account's id, a number" })
    .optional(),
});
type Given = z.infer<typeof InstagramCredentials>;

/** A token of Instagram's own login, or of the page that the account belongs to, or of a person who runs that page. */
export const instagramManual: ManualConnect = {
  fields: [
    { name: 'accessToken', label: 'Access token', secret: true, required: true },
    { name: 'refreshToken', label: 'Token of the person, for new ones of the page', secret: true, required: false },
    { name: 'expiresAt', label: 'Access token expires at', secret: false, required: false },
    { name: 'externalId', label: 'Account id', secret: false, required: false },
  ],
  credentials: InstagramCredentials,

  connect({ endpoints, http, credentials, now }): Promise<ConnectedGrant> {
    const given = InstagramCredentials.parse(credentials);
    const call = { endpoints, http, accessToken: given.accessToken };
    // Tokens of the two logins tell whose they are by how they begin.
    return given.accessToken.startsWith('EA') ? connectByPage(call, given) : connectByItself({ ...call, now }, given);
  },
};

/** A token from elsewhere does not say when it ends; what lives longest lives so long. */
const lifeMsMax = 60 * 24 * 3_600_000;

async function connectByItself(call: TokenCall & { now: Date }, given: Given): Promise<ConnectedGrant> {
  const account = await readOwnAccount(call);
  requireNamed(given, account.externalId);
  const credentials = given.expiresAt === undefined ? await renewed(call) : asGiven(given, call.now, given.expiresAt);
  return { credentials, service: null, accounts: [account] };
}

/** One that is a day old is renewed at once, and says when it ends. */
async function renewed(call: TokenCall & { now: Date }): Promise<Credentials> {
  try {
    return await prolongLong(call);
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return asGiven(call, call.now, new Date(call.now.getTime() + lifeMsMax).toISOString());
  }
}

function asGiven({ accessToken }: { accessToken: string }, now: Date, expiresAt: string): Credentials {
  const details = { login: 'instagram' satisfies Login };
  return { accessToken, issuedAt: now.toISOString(), expiresAt, details, scopes: [] };
}

async function connectByPage(call: TokenCall, given: Given): Promise<ConnectedGrant> {
  const found = await accountsOf(call);
  const [account, ...others] = found.filter(({ externalId }) => (given.externalId ?? externalId) === externalId);
  if (account === undefined) throw found.length === 0 ? noAccount() : mismatch();
  if (others.length > 0) {
    const message = `The token opens ${found.length} accounts: name one by its id`;
    throw new PlatformError('content', message, { platformCode: 'account_not_named' });
  }
  const { token, ...named } = account;
  const person = token === call.accessToken ? given.refreshToken : call.accessToken;
  return {
    credentials: {
      accessToken: call.accessToken,
      ...(person === undefined ? {} : { refreshToken: person }),
      ...(given.expiresAt === undefined || token !== call.accessToken ? {} : { expiresAt: given.expiresAt }),
      accountTokens: { [named.externalId]: token },
      details: { login: 'page' satisfies Login },
      scopes: [],
    },
    service: null,
    accounts: [named],
  };
}

/** A person's accounts, or that of the page whose own token it is. */
async function accountsOf(call: TokenCall) {
  try {
    return await readAccountsOfPages(call);
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'content')) throw error;
    const own = await readAccountOfPage(call);
    return own === null ? [] : [{ ...own, token: call.accessToken }];
  }
}

function requireNamed({ externalId }: Given, found: string): void {
  if (externalId !== undefined && externalId !== found) throw mismatch();
}

function mismatch(): PlatformError {
  return new PlatformError('permission', 'The token belongs to another Instagram account', {
    platformCode: 'account_mismatch',
  });
}
