import { GivenTime } from '@vibetribe/contracts/given-time';
import { z } from 'zod';
import { secretField } from '../connect/credential-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ConnectedGrant, ManualConnect } from '../port/connect.ts';
import { accountOf, readManagedPages, readOwnPage, type PageCall } from './pages.ts';

const FacebookCredentials = z.strictObject({
  accessToken: secretField('the access token'),
  refreshToken: secretField("the person's token").optional(),
  expiresAt: GivenTime.optional(),
  externalId: z
    .string()
    .trim()
    .regex(/^\d{1,30}$/u, { error: "must be the page's id, a number" })
    .optional(),
});

/** A token of a page, or of a person who runs pages. */
export const facebookManual: ManualConnect = {
  fields: [
    {
      name: 'accessToken',
      label: 'Access token of the page, or of a person who runs it',
      secret: true,
      required: true,
    },
    { name: 'refreshToken', label: 'Token of the person, for new ones of the page', secret: true, required: false },
    { name: 'expiresAt', label: 'Access token expires at', secret: false, required: false },
    { name: 'externalId', label: 'Page id', secret: false, required: false },
  ],
  credentials: FacebookCredentials,

  async connect({ endpoints, http, credentials }): Promise<ConnectedGrant> {
    const { accessToken, refreshToken, expiresAt, externalId } = FacebookCredentials.parse(credentials);
    const call = { endpoints, http, accessToken };
    const pages = await pagesOfPerson(call);
    const ends = expiresAt === undefined ? {} : { expiresAt };
    if (pages === null) {
      const page = await readOwnPage(call);
      if (externalId !== undefined && externalId !== page.id) throw otherPage();
      const renewal = refreshToken === undefined ? {} : { refreshToken };
      const accountTokens = { [page.id]: accessToken };
      return {
        credentials: { accessToken, accountTokens, ...renewal, ...ends, scopes: [] },
        service: null,
        accounts: [accountOf(page)],
      };
    }
    const [page, ...others] = pages.filter(({ id }) => externalId === undefined || id === externalId);
    if (page === undefined) throw otherPage();
    if (others.length > 0) throw ambiguous(pages.length);
    const accountTokens = { [page.id]: page.access_token };
    return {
      credentials: { accessToken, refreshToken: accessToken, accountTokens, scopes: [] },
      service: null,
      accounts: [accountOf(page)],
    };
  },
};

/** Null where the token is a page's own: a page runs no pages. */
async function pagesOfPerson(call: PageCall) {
  try {
    return await readManagedPages(call);
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'content') return null;
    throw error;
  }
}

function otherPage(): PlatformError {
  return new PlatformError('permission', 'The token does not open this page', { platformCode: 'account_mismatch' });
}

function ambiguous(count: number): PlatformError {
  return new PlatformError('content', `The token opens ${count} pages: name one by its id`, {
    platformCode: 'page_not_named',
  });
}
