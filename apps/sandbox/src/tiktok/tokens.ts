import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import type { Grant, TokenLookup } from '../state/grants.ts';
import { randomSecret } from '../state/random-secret.ts';

export type IssuedTokens = {
  access_token: string;
  expires_in: number;
  open_id: string;
  refresh_token: string;
  refresh_expires_in: number;
  scope: string;
  token_type: 'Bearer';
};

export type Tokens = {
  issue(account: Account, client: string, scope: string): IssuedTokens;
  /** A new pair; the old refresh token is of no use any more. Undefined where it is not good. */
  refresh(value: string): IssuedTokens | undefined;
  look(value: string): TokenLookup;
  revoke(grant: Grant): void;
};

/** Seconds. https://developers.tiktok.com/doc/oauth-user-access-token-management, of November 2026. */
const lifeSeconds = { access: 7_200, refresh: 15_552_000 } as const;

export function createTokens({ site, sandbox }: SiteContext): Tokens {
  const { store, grants, clock } = sandbox;
  const look = (value: string) => grants.look(site, value, clock.nowMs());

  function newToken(grant: Grant, use: 'access' | 'refresh') {
    const issuedAtMs = clock.nowMs();
    const value = `${use === 'access' ? 'act' : 'rft'}.${randomSecret(48)}`;
    const expiresAtMs = issuedAtMs + lifeSeconds[use] * 1_000;
    return { value, grant: grant.id, use, expiresAtMs, issuedAtMs, successor: null };
  }

  function issuePair(grant: Grant, changes: readonly Change[]): IssuedTokens {
    const access = newToken(grant, 'access');
    const refresh = newToken(grant, 'refresh');
    store.commit([...changes, grants.put(access), grants.put(refresh)]);
    return {
      access_token: access.value,
      expires_in: lifeSeconds.access,
      open_id: grant.account ?? '',
      refresh_token: refresh.value,
      refresh_expires_in: lifeSeconds.refresh,
      scope: grant.scope,
      token_type: 'Bearer',
    };
  }

  return {
    look,
    issue(account, client, scope) {
      const { grant, change } = grants.open(site, account.id, client, scope);
      return issuePair(grant, [change]);
    },
    refresh(value) {
      const found = look(value);
      if (found.state !== 'valid' || found.token.use !== 'refresh') return undefined;
      const old = grants.tokensOf(found.grant.id).filter(({ use }) => use === 'refresh');
      return issuePair(
        found.grant,
        old.map((token) => grants.drop(token.value)),
      );
    },
    revoke: (grant) => store.commit([grants.revoke(grant)]),
  };
}
