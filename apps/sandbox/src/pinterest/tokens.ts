import { createTokenPairs, type TokenPairs } from '../oauth/token-pairs.ts';
import type { SiteContext } from '../site.ts';
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

export type Tokens = TokenPairs<IssuedTokens>;

/** Seconds. https://developers.pinterest.com/docs/getting-started/set-up-authentication-and-authorization/ */
const lifeSeconds = { access: 2_592_000, refresh: 5_184_000 } as const;

export function createTokens(context: SiteContext): Tokens {
  return createTokenPairs(context, {
    lifeSeconds,
    newValue: (use) => `${use === 'access' ? 'pina' : 'pinr'}_${randomSecret(60)}`,
    tell: (grant, access, refresh) => ({
      access_token: access.value,
      refresh_token: refresh.value,
      token_type: 'bearer',
      expires_in: lifeSeconds.access,
      refresh_token_expires_in: lifeSeconds.refresh,
      refresh_token_expires_at: Math.floor(context.sandbox.clock.toWallMs(refresh.expiresAtMs ?? 0) / 1_000),
      scope: grant.scope,
    }),
  });
}
