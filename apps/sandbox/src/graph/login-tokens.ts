import { builtInClient } from '../oauth/built-in-client.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Grant, TokenLookup } from '../state/grants.ts';
import { randomSecret } from '../state/random-secret.ts';

export interface LoginTokens {
  consent(account: Account, scope: string): Grant;
  issue(grant: Grant, life: 'short' | 'long'): { access_token: string; expires_in: number };
  look(value: string): TokenLookup;
  /** Old enough, and not too old. */
  mayBeRenewed(value: string): boolean;
}

/** Seconds. https://developers.facebook.com/docs/threads/get-started/long-lived-tokens */
const lifeSeconds = { short: 3_600, long: 5_183_944 } as const;
const renewedAfterMs = 24 * 3_600_000;

/** @param prefix what the site's tokens begin with */
export function createLoginTokens({ site, sandbox }: SiteContext, prefix: string): LoginTokens {
  const { store, grants, clock } = sandbox;
  const look = (value: string) => grants.look(site, value, clock.nowMs());
  return {
    look,
    consent(account, scope) {
      const { grant, change } = grants.open(site, account.id, builtInClient.id, scope);
      store.commit([change]);
      return grant;
    },
    issue(grant, life) {
      const issuedAtMs = clock.nowMs();
      const value = `${prefix}${randomSecret(80).replaceAll(/[^A-Za-z0-9]/g, 'Z')}`;
      const expiresAtMs = issuedAtMs + lifeSeconds[life] * 1_000;
      store.commit([grants.put({ value, grant: grant.id, use: 'access', expiresAtMs, issuedAtMs, successor: null })]);
      return { access_token: value, expires_in: lifeSeconds[life] };
    },
    mayBeRenewed(value) {
      const found = look(value);
      return found.state === 'valid' && clock.nowMs() - found.token.issuedAtMs >= renewedAfterMs;
    },
  };
}
