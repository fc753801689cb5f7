import type { AccountSelection, SelectedAccounts } from '@vibetribe/contracts/account';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { ConnectedGrant } from '@vibetribe/platforms/port/connect';
import { sql } from 'drizzle-orm';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError, notFound } from '../../domain-error.ts';
import type { AcceptDependencies } from './complete-connect.ts';
import { type ConsentRow, readConsent, takeConsent } from '../consents/consent-row.ts';
import { getAccount } from '../read/get-account.ts';
import { readKnownAccounts } from '../grants/known-accounts.ts';
import { narrowGrant } from '../grants/narrow-grant.ts';
import { openConsent } from '../consents/seal-consent.ts';
import { storeGrant } from '../grants/store-grant.ts';

type SelectionDependencies = Pick<CoreDependencies, 'db' | 'keyRing' | 'adapters'>;

interface Choice {
  readonly consent: ConsentRow;
  readonly connected: ConnectedGrant;
  readonly items: AccountSelection['items'];
}

/**
 * What a grant opens, for whoever began to connect it. A key that is limited to accounts chooses among those.
 * @throws DomainError `not_found`: unknown, used, expired or somebody else's
 */
export async function getSelection(
  deps: SelectionDependencies,
  actor: Actor,
  { selectionId }: { readonly selectionId: string },
): Promise<AccountSelection> {
  const { consent, items } = await deps.db.asTenant(actor.organizationId, (tx) =>
    readChoice(deps, tx, actor, selectionId),
  );
  const { id, platform, expiresAtMs } = consent;
  return { id, platform, expiresAt: new Date(expiresAtMs).toISOString(), items };
}

/**
 * Connects the chosen accounts, once; the tokens of the others are not kept.
 * @throws DomainError `not_found`, `validation_failed` for what the grant does not open
 */
export async function selectAccounts(
  deps: SelectionDependencies & AcceptDependencies,
  actor: Actor,
  { selectionId, externalIds }: { readonly selectionId: string; readonly externalIds: readonly string[] },
): Promise<SelectedAccounts> {
  const { consent, connected, items } = await deps.db.asTenant(actor.organizationId, (tx) =>
    readChoice(deps, tx, actor, selectionId),
  );
  const errors = externalIds.flatMap((externalId, index) =>
    items.some((item) => item.externalId === externalId)
      ? []
      : [{ path: `externalIds.${index}`, message: 'is not among what can be chosen' }],
  );
  if (errors.length > 0) throw new DomainError('validation_failed', 'The choice is not valid.', { errors });
  const ids = await storeGrant(deps, actor.organizationId, consent.platform, narrowGrant(connected, externalIds), {
    source: 'oauth',
    accountIds: actor.accountIds,
    before: (tx) => takeConsent(tx, consent, 'selection'),
  });
  const accounts = [];
  for (const accountId of ids) accounts.push(await getAccount(deps, actor, { accountId }));
  return { items: accounts };
}

async function readChoice(
  { keyRing, adapters }: SelectionDependencies,
  tx: Transaction,
  { organizationId, principal, accountIds }: Actor,
  selectionId: string,
): Promise<Choice> {
  const consent = await readConsent(tx, 'selection', sql`id = ${selectionId} and principal = ${principal}`);
  if (consent === null) throw notFound('selection');
  const connected = openConsent(keyRing, consent, consent.grantSealed);
  const { platform } = consent;
  const place = {
    organizationId,
    platform,
    service: connected.service ?? '',
    scope: adapters[platform].externalIdScope,
  };
  const known = await readKnownAccounts(tx, place, connected.accounts);
  const items = connected.accounts.map(({ externalId, handle, displayName }) => {
    return { externalId, handle, displayName, accountId: known.get(externalId) ?? null };
  });
  const mayChoose = items.filter(
    ({ accountId }) => accountIds === null || (accountId !== null && accountIds.includes(accountId)),
  );
  return { consent, connected, items: mayChoose };
}
