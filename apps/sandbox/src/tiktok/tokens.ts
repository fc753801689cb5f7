import { createTokenPairs, type TokenPairs } from '../oauth/token-pairs.ts';
import type { SiteContext } from '../site.ts';
import type { Grant } from '../state/grants.ts';
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

export type Tokens = TokenPairs<IssuedTokens> & { revoke(grant: Grant): void };

/** Seconds. https://developers.tiktok.com/doc/oauth-user-access-token-management, of November 2026. */
const lifeSeconds = { access: 7_200, refresh: 15_552_000 } as const;

export function createTokens(context: SiteContext): Tokens {
  const { store, grants } = context.sandbox;
  const pairs = createTokenPairs<IssuedTokens>(context, {
    lifeSeconds,
    newValue: (use) => `${use === 'access' ? 'act' : 'rft'}.${randomSecret(48)}`,
    tell: (grant, access, refresh) => ({
      access_token: access.value,
      expires_in: lifeSeconds.access,
      open_id: grant.account ?? '',
      refresh_token: refresh.value,
      refresh_expires_in: lifeSeconds.refresh,
      scope: grant.scope,
      token_type: 'Bearer',
    }),
  });
  return { ...pairs, revoke: (grant) => store.commit([grants.revoke(grant)]) };
}
