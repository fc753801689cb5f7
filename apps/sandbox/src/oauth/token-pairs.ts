import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Grant, Token, TokenLookup } from '../state/grants.ts';
import type { Change } from '../store/store.ts';

type Use = 'access' | 'refresh';

export type TokenPairs<Issued> = {
  issue(account: Account, client: string, scope: string): Issued;
  /** A new pair; the old refresh token is of no use any more. Undefined where it is not good. */
  refresh(value: string): Issued | undefined;
  look(value: string): TokenLookup;
};

/** Access tokens, each with a refresh token that works once. */
export function createTokenPairs<Issued>(
  { site, sandbox }: Pick<SiteContext, 'site' | 'sandbox'>,
  {
    lifeSeconds,
    newValue,
    tell,
  }: {
    lifeSeconds: Readonly<Record<Use, number>>;
    newValue: (use: Use) => string;
    /** The platform's own form of a pair. */
    tell: (grant: Grant, access: Token, refresh: Token) => Issued;
  },
): TokenPairs<Issued> {
  const { store, grants, clock } = sandbox;
  const look = (value: string) => grants.look(site, value, clock.nowMs());

  function newToken(grant: Grant, use: Use): Token {
    const issuedAtMs = clock.nowMs();
    const expiresAtMs = issuedAtMs + lifeSeconds[use] * 1_000;
    return { value: newValue(use), grant: grant.id, use, expiresAtMs, issuedAtMs, successor: null };
  }

  function issuePair(grant: Grant, changes: readonly Change[]): Issued {
    const access = newToken(grant, 'access');
    const refresh = newToken(grant, 'refresh');
    store.commit([...changes, grants.put(access), grants.put(refresh)]);
    return tell(grant, access, refresh);
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
  };
}
