import type { Credentials } from '@vibetribe/platforms/port/connect';
import { getValidToken } from '../../accounts/tokens/get-valid-token.ts';
import { openGrant, unreadable } from '../../accounts/grants/open-grant.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { PublicationWork } from '../claim/publication-work.ts';

/** A token that ends sooner than this is refreshed first, ms. */
const minValidityMs = 5 * 60_000;

export type Token =
  | { readonly kind: 'valid'; readonly credentials: Credentials }
  | { readonly kind: 'dead'; readonly detail: string }
  | { readonly kind: 'later'; readonly retryAfterMs: number; readonly detail: string };

export type TokenHolder = Pick<PublicationWork, 'grant' | 'organizationId' | 'claimedAtMs'>;

/** The claim brought the ciphertext along: only a token that is about to end costs another look at the database. */
export async function readToken(
  deps: Parameters<typeof getValidToken>[0] & Pick<CoreDependencies, 'keyRing' | 'logger'>,
  work: TokenHolder,
): Promise<Token> {
  const { grant } = work;
  if (grant.expiresAtMs === null || grant.expiresAtMs - work.claimedAtMs > minValidityMs) {
    const key = { id: grant.id, organizationId: work.organizationId };
    const credentials = openGrant(deps, key, grant.sealedCredentials);
    return credentials === null ? { kind: 'later', ...unreadable } : { kind: 'valid', credentials };
  }
  return asToken(await getValidToken(deps, grant.id, { minValidityMs }));
}

/** After the platform has refused the token: a new one, unless the refused one was new itself. */
export async function replaceToken(
  deps: Parameters<typeof getValidToken>[0],
  work: Pick<TokenHolder, 'grant'>,
  refusedAccessToken: string,
): Promise<Token> {
  return asToken(await getValidToken(deps, work.grant.id, { minValidityMs, refusedAccessToken }));
}

function asToken(answer: Awaited<ReturnType<typeof getValidToken>>): Token {
  switch (answer.kind) {
    case 'valid':
      return answer;
    case 'dead':
      return { kind: 'dead', detail: answer.reason };
    case 'busy':
    case 'unavailable':
      return { kind: 'later', retryAfterMs: answer.retryAfterMs, detail: answer.detail };
  }
}
