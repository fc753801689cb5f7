import type { Change } from '../store/store.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Grant, TokenLookup } from '../state/grants.ts';
import { randomSecret } from '../state/random-secret.ts';

export type IssuedTokens = {
  access_token: string;
  refresh_token: string;
  token_type: 'bearer';
  expires_in: number;
  refresh_token_expires_in: number;
  refresh_token_expires_at: number;
  scope: string;
};

export type Tokens = {
  issue(board: Account, client: string, scope: string): IssuedTokens;
  /** A new pair; the old refresh token is of no use any more. Undefined where it is not good. */
  refresh(value: string): IssuedTokens | undefined;
  look(value: string): TokenLookup;
};

/** Seconds. https://developers.pinterest.com/docs/getting-started/set-up-authentication-and-authorization/ */
const lifeSeconds = { access: 2_592_000, refresh: 5_184_000 } as const;

export function createTokens({ site, sandbox }: SiteContext): Tokens {
  const { store, grants, clock } = sandbox;
  const look = (value: string) => grants.look(site, value, clock.nowMs());

  function newToken(grant: Grant, use: 'access' | 'refresh') {
    const issuedAtMs = clock.nowMs();
    const value = `${use === 'access' ? 'pina' : 'pinr'}_${randomSecret(60)}`;
    const expiresAtMs = issuedAtMs + lifeSeconds[use] * 1_000;
    return { value, grant: grant.id, use, expiresAtMs, issuedAtMs, successor: null };
  }

  function issuePair(grant: Grant, changes: readonly Change[]): IssuedTokens {
    const access = newToken(grant, 'access');
    const refresh = newToken(grant, 'refresh');
    store.commit([...changes, grants.put(access), grants.put(refresh)]);
    return {
      access_token: access.value,
      refresh_token: refresh.value,
      token_type: 'bearer',
      expires_in: lifeSeconds.access,
      refresh_token_expires_in: lifeSeconds.refresh,
      refresh_token_expires_at: Math.floor(clock.toWallMs(refresh.expiresAtMs) / 1_000),
      scope: grant.scope,
    };
  }

  return {
    look,
    issue(board, client, scope) {
      const { grant, change } = grants.open(site, board.id, client, scope);
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
  };
}
