import type { AccountAccess, AdapterAccount } from '../port/account.ts';
import type { Credentials } from '../port/connect.ts';

/** What one account of a grant is used with. */
export function accessOf(
  { accessToken, accountTokens, details = {}, scopes }: Credentials,
  { externalId }: Pick<AdapterAccount, 'externalId'>,
): AccountAccess {
  const own =
    accountTokens !== undefined && Object.hasOwn(accountTokens, externalId) ? accountTokens[externalId] : null;
  return { accessToken: own ?? accessToken, scopes, details };
}
