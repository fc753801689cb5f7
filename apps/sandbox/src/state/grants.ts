import { z } from 'zod';
import type { Change, Store } from '../store/store.ts';
import { randomSecret } from './random-secret.ts';

/** What an account allowed an application. `account` is null for an application's own token. */
export type Grant = z.infer<typeof Grant>;

/** A credential of a grant. `expiresAtMs` is on the movable clock; `successor` is what a rotated token led to. */
export type Token = z.infer<typeof Token>;

export type TokenLookup = { state: 'valid' | 'expired' | 'revoked'; token: Token; grant: Grant } | { state: 'unknown' };

export type Grants = {
  open(site: string, account: string | null, client: string, scope: string): { grant: Grant; change: Change };
  put(token: Token): Change;
  drop(value: string): Change;
  look(site: string, value: string, nowMs: number): TokenLookup;
  tokensOf(grant: string): readonly Token[];
  byId(id: string): Grant | undefined;
  /** What the account has allowed, revoked or not. */
  ofAccount(site: string, account: string): readonly Grant[];
  /** Ends the life of every access token of the account; refresh tokens and passwords live on. */
  expireAccess(site: string, account: string, nowMs: number): Change[];
  /** Kills everything the account ever allowed. */
  revokeAll(site: string, account: string): Change[];
  revoke(grant: Grant): Change;
};

export function createGrants(store: Store): Grants {
  const grants = store.table('grants', Grant);
  const tokens = store.table('tokens', Token);
  const grantsByAccount = new Map<string, Set<string>>();
  const tokensByGrant = new Map<string, Map<string, Token>>();

  grants.onChange((_before, after) => {
    if (after === undefined || after.account === null) return;
    const key = `${after.site}/${after.account}`;
    grantsByAccount.set(key, (grantsByAccount.get(key) ?? new Set()).add(after.id));
  });
  tokens.onChange((before, after) => {
    if (before !== undefined) tokensByGrant.get(before.grant)?.delete(before.value);
    if (after === undefined) return;
    const ofGrant = tokensByGrant.get(after.grant) ?? new Map<string, Token>();
    tokensByGrant.set(after.grant, ofGrant.set(after.value, after));
  });

  const put = (token: Token) => tokens.put(token.value, token);
  const tokensOf = (grant: string) => [...(tokensByGrant.get(grant)?.values() ?? [])];
  const grantsOf = (site: string, account: string) => [...(grantsByAccount.get(`${site}/${account}`) ?? [])];
  const revoke = (grant: Grant) => grants.put(grant.id, { ...grant, revoked: true });

  return {
    open(site, account, client, scope) {
      const grant = { id: randomSecret(9), site, account, client, scope, revoked: false };
      return { grant, change: grants.put(grant.id, grant) };
    },
    put,
    drop: (value) => tokens.drop(value),
    look(site, value, nowMs) {
      const token = tokens.get(value);
      const grant = token === undefined ? undefined : grants.get(token.grant);
      if (token === undefined || grant === undefined || grant.site !== site) return { state: 'unknown' };
      if (grant.revoked) return { state: 'revoked', token, grant };
      const expired = token.expiresAtMs !== null && token.expiresAtMs <= nowMs;
      return { state: expired ? 'expired' : 'valid', token, grant };
    },
    tokensOf,
    byId: (id) => grants.get(id),
    ofAccount: (site, account) => grantsOf(site, account).flatMap((id) => grants.get(id) ?? []),
    expireAccess: (site, account, nowMs) =>
      grantsOf(site, account)
        .flatMap(tokensOf)
        .filter((token) => token.use === 'access')
        .map((token) => put({ ...token, expiresAtMs: nowMs })),
    revokeAll: (site, account) =>
      grantsOf(site, account).flatMap((id) => {
        const grant = grants.get(id);
        return grant === undefined || grant.revoked ? [] : [revoke(grant)];
      }),
    revoke,
  };
}

const Grant = z.object({
  id: z.string(),
  site: z.string(),
  account: z.string().nullable(),
  client: z.string(),
  scope: z.string(),
  revoked: z.boolean(),
});

const Token = z.object({
  value: z.string(),
  grant: z.string(),
  use: z.enum(['access', 'refresh', 'password']),
  expiresAtMs: z.number().nullable(),
  issuedAtMs: z.number(),
  successor: z.object({ access: z.string(), refresh: z.string() }).nullable(),
});
