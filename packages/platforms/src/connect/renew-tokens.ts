import { endOfLife } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { Credentials, RefreshRequest, TokenRefresh } from '../port/connect.ts';

/** What an answer with tokens says, wherever the platform says when the refresh token ends. */
interface TokenReply {
  readonly access_token: string;
  readonly refresh_token?: string | undefined;
  readonly expires_in?: number | undefined;
  readonly scope?: string | undefined;
}

/** How long tokens live is the platform's to say. `renewableForSeconds`: how long the refresh token does. */
export function credentialsIn(reply: TokenReply, renewableForSeconds: number | undefined, now: Date): Credentials {
  const expiresAt = endOfLife(now, reply.expires_in);
  const renewableUntil = endOfLife(now, renewableForSeconds);
  return {
    accessToken: reply.access_token,
    ...(reply.refresh_token === undefined ? {} : { refreshToken: reply.refresh_token }),
    ...(renewableUntil === undefined ? {} : { details: { renewableUntil } }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    scopes: (reply.scope ?? '').split(/[\s,]+/u).filter((scope) => scope !== ''),
  };
}

/** Renews by a refresh token until the time that `credentialsIn` stored. What an answer leaves out stays as it was. */
export function renewUntilEnd({
  cost,
  withoutToken,
  ask,
}: {
  readonly cost: TokenRefresh['cost'];
  /** What is told where there is no refresh token. */
  readonly withoutToken: string;
  readonly ask: (request: RefreshRequest, form: Readonly<Record<string, string>>) => Promise<Credentials>;
}): TokenRefresh {
  return {
    cost,
    isPossible({ refreshToken, details = {} }, now) {
      const until = Date.parse(details['renewableUntil'] ?? '');
      return refreshToken !== undefined && !(until <= now.getTime());
    },
    async refresh(request) {
      const { credentials } = request;
      const { refreshToken } = credentials;
      if (refreshToken === undefined) {
        throw new PlatformError('auth_revoked', withoutToken, { platformCode: 'refresh_token_missing' });
      }
      const renewed = await ask(request, { grant_type: 'refresh_token', refresh_token: refreshToken });
      const scopes = renewed.scopes.length === 0 ? credentials.scopes : renewed.scopes;
      return { ...credentials, ...renewed, refreshToken: renewed.refreshToken ?? refreshToken, scopes };
    },
  };
}
