import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import type { Grant, Token } from '../state/grants.ts';
import { randomSecret } from '../state/random-secret.ts';
import { invalidGrant } from './oauth-answers.ts';

const accessLifeMs = 30 * 60_000;
/** How long a session lasts whose client proves no key: two weeks. */
const publicLifeMs = 14 * 24 * 3_600_000;
const confidentialLifeMs = 180 * 24 * 3_600_000;

/** What a grant is bound to beside the account. */
export type Binding = z.infer<typeof Binding>;
const Binding = z.object({ client: z.string(), jkt: z.string(), isConfidential: z.boolean() });

export type OAuthSessions = ReturnType<typeof createOAuthSessions>;

/** Sessions that a consent began: tokens bound to a key, and a refresh token that works once. */
export function createOAuthSessions({ site, sandbox }: SiteContext) {
  const { store, grants, clock } = sandbox;
  const bindings = store.table('bluesky-oauth-sessions', Binding);

  function mint(grant: Grant, use: 'access' | 'refresh', lifeMs: number): Token {
    const issuedAtMs = clock.nowMs();
    const value = `${use === 'access' ? 'oat' : 'ort'}-${randomSecret()}`;
    return { value, grant: grant.id, use, issuedAtMs, expiresAtMs: issuedAtMs + lifeMs, successor: null };
  }

  function issue(grant: Grant, { isConfidential }: Binding, changes: readonly ReturnType<typeof grants.put>[]) {
    const access = mint(grant, 'access', accessLifeMs);
    const refresh = mint(grant, 'refresh', isConfidential ? confidentialLifeMs : publicLifeMs);
    store.commit([...changes, grants.put(access), grants.put(refresh)]);
    return {
      tokens: {
        access_token: access.value,
        token_type: 'DPoP',
        refresh_token: refresh.value,
        expires_in: Math.floor(accessLifeMs / 1000) - 1,
        scope: grant.scope,
        sub: grant.account,
      },
      refresh,
      access,
    };
  }

  return {
    bindingOf: (grant: string) => bindings.get(grant),

    begin(account: string, scope: string, binding: Binding) {
      const { grant, change } = grants.open(site, account, binding.client, scope);
      const { tokens } = issue(grant, binding, [change, bindings.put(grant.id, binding)]);
      return { grant, tokens };
    },

    /** @throws {RefusalError} `invalid_grant`; a token that was used before ends the session */
    rotate(refreshToken: string, by: Pick<Binding, 'client' | 'jkt'>) {
      const found = grants.look(site, refreshToken, clock.nowMs());
      const binding = found.state === 'unknown' ? undefined : bindings.get(found.grant.id);
      if (found.state === 'unknown' || binding === undefined || found.token.use !== 'refresh')
        throw new RefusalError(invalidGrant('Invalid refresh token'));
      if (binding.client !== by.client || binding.jkt !== by.jkt)
        throw new RefusalError(invalidGrant('The token belongs to another client or key'));
      if (found.token.successor !== null) {
        store.commit([grants.revoke(found.grant)]);
        throw new RefusalError(invalidGrant('Refresh token replayed'));
      }
      if (found.state !== 'valid') throw new RefusalError(invalidGrant(`Refresh token is ${found.state}`));
      const old = grants.tokensOf(found.grant.id).filter(({ use }) => use === 'access');
      const { tokens, access, refresh } = issue(
        found.grant,
        binding,
        old.map(({ value }) => grants.drop(value)),
      );
      const successor = { access: access.value, refresh: refresh.value };
      store.commit([grants.put({ ...found.token, successor })]);
      return tokens;
    },

    end(grant: Grant) {
      store.commit([grants.revoke(grant)]);
    },
  };
}
