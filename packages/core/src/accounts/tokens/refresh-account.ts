import type { RefreshedAccount } from '@vibetribe/contracts/account';
import type { Credentials } from '@vibetribe/platforms/port/connect';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError } from '../../domain-error.ts';
import { findAccount, getAccount } from '../read/get-account.ts';
import { type KeptToken, type TokenDependencies, getValidToken } from './get-valid-token.ts';

/**
 * Refreshes the account's token now, however long it would still last, and tells where it was not and why.
 * @throws DomainError `not_found`, `conflict` (disconnected), `platform_rejected` (connect it again), `platform_unavailable`
 */
export async function refreshAccount(
  deps: TokenDependencies & Pick<CoreDependencies, 'postsPerHour' | 'appPostsPerDay'>,
  actor: Actor,
  input: { readonly accountId: string },
): Promise<RefreshedAccount> {
  const row = await findAccount(deps, actor, input.accountId);
  if (row.status === 'disconnected')
    throw new DomainError('conflict', 'The account is disconnected: connect it again.');
  const token = await getValidToken(deps, row.grantId, { always: true });
  switch (token.kind) {
    case 'valid':
      return {
        ...(await getAccount(deps, actor, input)),
        refreshed: token.refreshed,
        notRefreshed: token.refreshed ? null : explain(deps.adapters[row.platform], token),
      };
    case 'dead':
      throw new DomainError('platform_rejected', token.reason);
    case 'busy':
    case 'unavailable':
      throw new DomainError('platform_unavailable', token.detail, {
        retryAfterSeconds: Math.ceil(token.retryAfterMs / 1_000),
      });
  }
}

function explain(
  { displayName, refresh }: CoreDependencies['adapters'][keyof CoreDependencies['adapters']],
  { credentials, kept }: { readonly credentials: Credentials; readonly kept: KeptToken },
): NonNullable<RefreshedAccount['notRefreshed']> {
  switch (kept.reason) {
    case 'lasts':
      return { reason: 'just_refreshed', detail: 'Someone else has refreshed the token in this moment.' };
    case 'being_refreshed':
      return { reason: 'being_refreshed', detail: 'The token is being refreshed by someone else; it is still good.' };
    case 'platform_unavailable':
      return {
        reason: 'platform_unavailable',
        detail: `${displayName} did not refresh the token: ${kept.cause}. The token that is there is still good.`,
      };
    case 'cannot': {
      if (refresh === undefined)
        return { reason: 'not_supported', detail: `${displayName} has no way to refresh a token.` };
      const early = refresh.renewsFrom?.(credentials) ?? null;
      if (early !== null && early.getTime() > kept.nowMs) {
        const detail = `${displayName} does not refresh a token so young: it can be refreshed from ${early.toISOString()}.`;
        return { reason: 'too_early', detail };
      }
      const remedy = kept.doesEnd
        ? 'when it ends, the account has to be connected again'
        : 'the token has no known end';
      return { reason: 'no_refresh_token', detail: `There is nothing to refresh the token with; ${remedy}.` };
    }
  }
}
