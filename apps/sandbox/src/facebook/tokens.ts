import { z } from 'zod';
import { builtInClient } from '../oauth/built-in-client.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Grant, TokenLookup } from '../state/grants.ts';
import { randomSecret } from '../state/random-secret.ts';
import type { Person } from './people.ts';

export type Tokens = {
  /** What a person has allowed. */
  consent(person: Person, scope: string): Grant;
  /** A token of a person: `short` lives about an hour, `long` 60 days. */
  issue(consent: Grant, life: 'short' | 'long'): { value: string; lifeSeconds: number };
  /** The page's token under this consent, which has no end of its own; the one from before while it lives. */
  ofPage(consent: Grant, page: Account): string;
  /** Ids of the pages that were chosen in this consent. */
  pagesOf(consent: Grant): string[];
  /** A person who removes an application removes it from all their pages: a consent and its parts live and die together. */
  look(value: string): TokenLookup;
  /** Takes everything back that the person of this consent has allowed. */
  revoke(consent: Grant): void;
};

/** Seconds. https://developers.facebook.com/docs/facebook-login/guides/access-tokens */
const lifeSeconds = { short: 5_400, long: 5_183_944 } as const;

export function createTokens({ site, sandbox }: SiteContext): Tokens {
  const { store, grants, clock } = sandbox;
  const pageGrants = store.table('facebook.page-grants', PageGrant);
  const byConsent = new Map<string, PageGrant[]>();
  const consentOf = new Map<string, string>();
  pageGrants.onChange((_before, after) => {
    if (after === undefined) return;
    byConsent.set(after.consent, [...(byConsent.get(after.consent) ?? []), after]);
    consentOf.set(after.grant, after.consent);
  });
  const partsOf = (consent: string) => byConsent.get(consent) ?? [];
  const grantOf = ({ page, grant }: PageGrant) => grants.ofAccount(site, page).find(({ id }) => id === grant);

  function newToken(grant: Grant, seconds: number | null) {
    const issuedAtMs = clock.nowMs();
    const value = `EAA${randomSecret(80).replaceAll(/[^A-Za-z0-9]/g, 'Z')}`;
    const expiresAtMs = seconds === null ? null : issuedAtMs + seconds * 1_000;
    return { value, grant: grant.id, use: 'access' as const, expiresAtMs, issuedAtMs, successor: null };
  }

  return {
    look(value) {
      const found = grants.look(site, value, clock.nowMs());
      if (found.state === 'unknown') return found;
      const consent = consentOf.get(found.grant.id) ?? found.grant.id;
      const isCut = partsOf(consent).some((part) => grantOf(part)?.revoked === true);
      return isCut ? { ...found, state: 'revoked' } : found;
    },
    pagesOf: ({ id }) => partsOf(id).map(({ page }) => page),
    consent(person, scope) {
      const { grant, change } = grants.open(site, person.id, builtInClient.id, scope);
      store.commit([change]);
      return grant;
    },
    issue(consent, life) {
      const token = newToken(consent, lifeSeconds[life]);
      store.commit([grants.put(token)]);
      return { value: token.value, lifeSeconds: lifeSeconds[life] };
    },
    ofPage(consent, page) {
      const part = partsOf(consent.id).find((each) => each.page === page.id);
      const known = part === undefined ? undefined : grantOf(part);
      const living = grants.tokensOf(known?.id ?? '').find(({ expiresAtMs }) => expiresAtMs === null);
      if (living !== undefined) return living.value;
      if (known !== undefined) {
        const token = newToken(known, null);
        store.commit([grants.put(token)]);
        return token.value;
      }
      const { grant, change } = grants.open(site, page.id, consent.client, consent.scope);
      const token = newToken(grant, null);
      const row = { consent: consent.id, grant: grant.id, page: page.id };
      store.commit([change, pageGrants.put(grant.id, row), grants.put(token)]);
      return token.value;
    },
    revoke({ account }) {
      const consents = grants.ofAccount(site, account ?? '');
      const parts = consents.flatMap(({ id }) => partsOf(id)).flatMap((part) => grantOf(part) ?? []);
      store.commit([...consents, ...parts].map((grant) => grants.revoke(grant)));
    },
  };
}

type PageGrant = z.infer<typeof PageGrant>;

/** A page's grant and the person's that it stands on, by their ids. */
const PageGrant = z.object({ consent: z.string(), grant: z.string(), page: z.string() });
