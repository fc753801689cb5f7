import type { Account } from '@vibetribe/contracts/account';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { DomainError } from '../domain-error.ts';
import { findAccount, getAccount } from './get-account.ts';
import { type TokenDependencies, getValidToken } from './get-valid-token.ts';

/**
 * Refreshes the account's token now, however long it would still last. A token without an end stays as it is.
 * @throws DomainError `not_found`, `conflict` (disconnected), `platform_rejected` (connect it again), `platform_unavailable`
 */
export async function refreshAccount(
  deps: TokenDependencies & Pick<CoreDependencies, 'postsPerHour' | 'appPostsPerDay'>,
  actor: Actor,
  input: { readonly accountId: string },
): Promise<Account> {
  const row = await findAccount(deps, actor, input.accountId);
  if (row.status === 'disconnected')
    throw new DomainError('conflict', 'The account is disconnected: connect it again.');
  const token = await getValidToken(deps, row.grantId, { minValidityMs: Number.MAX_SAFE_INTEGER });
  switch (token.kind) {
    case 'valid':
      return getAccount(deps, actor, input);
    case 'dead':
      throw new DomainError('platform_rejected', token.reason);
    case 'busy':
    case 'unavailable':
      throw new DomainError('platform_unavailable', token.detail, {
        retryAfterSeconds: Math.ceil(token.retryAfterMs / 1_000),
      });
  }
}
