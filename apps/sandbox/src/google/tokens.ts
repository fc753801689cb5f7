import { builtInClient } from '../oauth/built-in-client.ts';
import type { SiteContext } from '../site.ts';
import type { Grant, TokenLookup } from '../state/grants.ts';
import { randomSecret } from '../state/random-secret.ts';

export type Tokens = {
  /** @param account whose grant it is; what else it opens is the platform's to know */
  consent(account: string, scope: string): Grant;
  issue(grant: Grant, withRefresh: boolean): IssuedTokens;
  /** Another access token; the refresh token stays. Undefined where it is not good. */
  refresh(value: string): IssuedTokens | undefined;
  look(value: string): TokenLookup;
  revoke(grant: Grant): void;
};

export type IssuedTokens = {
  access_token: string;
  expires_in: number;
  refresh_token?: string;
  scope: string;
  token_type: 'Bearer';
};

/** Seconds. https://developers.google.com/identity/protocols/oauth2/web-server */
const accessLifeSeconds = 3_599;

export function createTokens({ site, sandbox }: SiteContext): Tokens {
  const { store, grants, clock } = sandbox;
  const look = (value: string) => grants.look(site, value, clock.nowMs());

  function newToken(grant: Grant, use: 'access' | 'refresh') {
    const issuedAtMs = clock.nowMs();
    const value = `${use === 'access' ? 'ya29.' : '1//0'}${randomSecret(80)}`;
    const expiresAtMs = use === 'access' ? issuedAtMs + accessLifeSeconds * 1_000 : null;
    return { value, grant: grant.id, use, expiresAtMs, issuedAtMs, successor: null };
  }

  return {
    look,
    consent(account, scope) {
      const { grant, change } = grants.open(site, account, builtInClient.id, scope);
      store.commit([change]);
      return grant;
    },
    issue(grant, withRefresh) {
      const access = newToken(grant, 'access');
      const refresh = withRefresh ? newToken(grant, 'refresh') : null;
      store.commit([grants.put(access), ...(refresh === null ? [] : [grants.put(refresh)])]);
      return {
        access_token: access.value,
        expires_in: accessLifeSeconds,
        ...(refresh === null ? {} : { refresh_token: refresh.value }),
        scope: grant.scope,
        token_type: 'Bearer',
      };
    },
    refresh(value) {
      const found = look(value);
      if (found.state !== 'valid' || found.token.use !== 'refresh') return undefined;
      return this.issue(found.grant, false);
    },
    revoke: (grant) => store.commit([grants.revoke(grant)]),
  };
}
