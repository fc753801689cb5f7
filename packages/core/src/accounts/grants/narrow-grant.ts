import type { ConnectedGrant } from '@vibetribe/platforms/port/connect';
import { DomainError } from '../../domain-error.ts';

/** The grant as it is for these accounts alone: tokens of the others are not kept. */
export function narrowGrant(connected: ConnectedGrant, externalIds: readonly string[]): ConnectedGrant {
  const chosen = new Set(externalIds);
  const { accountTokens, ...credentials } = connected.credentials;
  const kept = Object.entries(accountTokens ?? {}).filter(([externalId]) => chosen.has(externalId));
  return {
    ...connected,
    credentials:
      accountTokens === undefined ? credentials : { ...credentials, accountTokens: Object.fromEntries(kept) },
    accounts: connected.accounts.filter(({ externalId }) => chosen.has(externalId)),
  };
}

/**
 * The grant as whoever connects may use it: a key that is limited to accounts connects those again, and neither another nor a new one.
 * @param accountIds null: all
 * @param known ids of connected accounts by external id
 * @throws DomainError `forbidden` where nothing is left
 */
export function narrowTo(
  accountIds: readonly string[] | null,
  connected: ConnectedGrant,
  known: ReadonlyMap<string, string>,
): ConnectedGrant {
  if (accountIds === null) return connected;
  const mayConnect = [...known].flatMap(([externalId, id]) => (accountIds.includes(id) ? [externalId] : []));
  if (mayConnect.length > 0) return narrowGrant(connected, mayConnect);
  throw new DomainError('forbidden', 'The API key is limited to accounts, and this opens none of them.');
}
