import { problemOf } from './problem-error.ts';
import { versionPrefix, type Schemas } from './paths.ts';

export type SessionTokens = Pick<Schemas['SessionTokens'], 'accessToken' | 'refreshToken'>;

/** Whom requests are made for. */
export interface Credentials {
  /** Null: nobody. */
  token(): string | null;
  /** A token that works where this one was refused; null where there is none. */
  renew(refused: string): Promise<string | null>;
}

export interface Session extends Credentials {
  tokens(): SessionTokens | null;
  /** Goes on as somebody else; null ends it. */
  replace(tokens: SessionTokens | null): void;
}

export function keyCredentials(apiKey: string): Credentials {
  return { token: () => apiKey, renew: async () => null };
}

/**
 * A signed-in user. However many requests find the access token expired, the refresh token is traded once: one that is used twice ends its
 * session.
 */
export function createSession({
  url,
  fetch,
  first,
  onTokens,
}: {
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  readonly first: SessionTokens | null;
  readonly onTokens: (tokens: SessionTokens | null) => void;
}): Session {
  let tokens = first;
  let renewing: Promise<string | null> | null = null;

  const replace = (next: SessionTokens | null) => {
    tokens = next === null ? null : { accessToken: next.accessToken, refreshToken: next.refreshToken };
    onTokens(tokens);
  };

  const trade = async (traded: SessionTokens): Promise<string | null> => {
    const response = await fetch(`${url}${versionPrefix}/auth/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refreshToken: traded.refreshToken }),
    });
    // Meanwhile somebody signed in or out.
    if (tokens !== traded) return tokens?.accessToken ?? null;
    if (response.status === 401) {
      replace(null);
      return null;
    }
    if (!response.ok) throw await problemOf(response);
    replace((await response.json()) as SessionTokens);
    return tokens.accessToken;
  };

  return {
    tokens: () => tokens,
    token: () => tokens?.accessToken ?? null,
    replace,
    renew(refused) {
      if (tokens === null) return Promise.resolve(null);
      if (tokens.accessToken !== refused) return Promise.resolve(tokens.accessToken);
      renewing ??= trade(tokens).finally(() => {
        renewing = null;
      });
      return renewing;
    },
  };
}
