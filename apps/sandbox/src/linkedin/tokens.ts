import { builtInClient } from '../oauth/built-in-client.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Grant, TokenLookup } from '../state/grants.ts';
import { randomSecret } from '../state/random-secret.ts';

export type IssuedTokens = {
  access_token: string;
  expires_in: number;
  scope: string;
  refresh_token?: string;
  refresh_token_expires_in?: number;
};

export type Tokens = {
  /** Refresh tokens are for approved partners: those who may act for organizations. */
  issue(account: Account, scope: string): IssuedTokens;
  /** A new access token; the refresh token stays, and so does its end. Undefined where it is not good. */
  refresh(value: string): IssuedTokens | undefined;
  look(value: string): TokenLookup;
  revoke(grant: Grant): void;
};

/** Seconds. https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens */
const lifeSeconds = { access: 5_184_000, refresh: 31_536_000 } as const;

export function createTokens({ site, sandbox }: SiteContext): Tokens {
  const { store, grants, clock } = sandbox;
  const look = (value: string) => grants.look(site, value, clock.nowMs());

  function newToken(grant: Grant, use: 'access' | 'refresh') {
    const issuedAtMs = clock.nowMs();
    const value = `AQ${randomSecret(120)}`;
    return {
      value,
      grant: grant.id,
      use,
      expiresAtMs: issuedAtMs + lifeSeconds[use] * 1_000,
      issuedAtMs,
      successor: null,
    };
  }

  return {
    look,
    issue(account, scope) {
      const { grant, change } = grants.open(site, account.id, builtInClient.id, scope);
      const access = newToken(grant, 'access');
      const refresh = /_organization_/u.test(scope) ? newToken(grant, 'refresh') : null;
      store.commit([change, grants.put(access), ...(refresh === null ? [] : [grants.put(refresh)])]);
      return {
        access_token: access.value,
        expires_in: lifeSeconds.access,
        scope: scope.replaceAll(' ', ','),
        ...(refresh === null ? {} : { refresh_token: refresh.value, refresh_token_expires_in: lifeSeconds.refresh }),
      };
    },
    refresh(value) {
      const found = look(value);
      if (found.state !== 'valid' || found.token.use !== 'refresh') return undefined;
      const access = newToken(found.grant, 'access');
      store.commit([grants.put(access)]);
      const left = Math.floor(((found.token.expiresAtMs ?? 0) - clock.nowMs()) / 1_000);
      return {
        access_token: access.value,
        expires_in: lifeSeconds.access,
        scope: found.grant.scope.replaceAll(' ', ','),
        refresh_token: value,
        refresh_token_expires_in: left,
      };
    },
    revoke: (grant) => store.commit([grants.revoke(grant)]),
  };
}
