import { z } from 'zod';
import { foreignToken } from '../answers/answer-fields.ts';
import { callPlatform } from '../http/call-platform.ts';
import { apiOf, authorizeOf, clientOf } from '../http/configured.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { ConnectedGrant, Credentials, OAuthConnect } from '../port/connect.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { credentialsIn, renewUntilEnd } from '../connect/renew-tokens.ts';
import { pinterestName } from './api.ts';
import { accountOf, readBoards } from './boards.ts';
import { pinterestGrantRefusal } from './errors.ts';

const scopes = ['boards:read', 'boards:write', 'pins:read', 'pins:write', 'user_accounts:read'] as const;

export const pinterestSettings = 'PINTEREST_CLIENT_ID and PINTEREST_CLIENT_SECRET';

/** A grant opens the boards of a user. Pinterest ends no grant of a person when asked: they do that in their own settings. */
export const pinterestOAuth: OAuthConnect = {
  scopes,
  pkce: false,

  async begin({ endpoints, redirectUri, state }) {
    const url = new URL(`${authorizeOf(endpoints, pinterestName)}/oauth/`);
    url.search = new URLSearchParams({
      client_id: clientOf(endpoints, pinterestSettings).id,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: scopes.join(','),
      state,
    }).toString();
    return { authorizationUrl: url.href };
  },

  async exchange({ endpoints, http, redirectUri, code, now }): Promise<ConnectedGrant> {
    const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, continuous_refresh: 'true' };
    const credentials = credentialsOf(await askTokens({ endpoints, http }, form, Tokens), now);
    const boards = await readBoards({ endpoints, http, accessToken: credentials.accessToken });
    if (boards.length === 0) throw noBoard();
    const granted = credentials.scopes.length === 0 ? [...scopes] : credentials.scopes;
    return { credentials: { ...credentials, scopes: granted }, service: null, accounts: boards.map(accountOf) };
  },
};

/** A refresh token lives 60 days, and each answer has a new one. https://developers.pinterest.com/docs/api/v5/oauth-token, read 2026-11. */
export const pinterestRefresh = renewUntilEnd({
  cost: 'rotating',
  withoutToken: 'Pinterest gave no refresh token for this account',
  ask: async (request, form) => credentialsOf(await askTokens(request, form, Tokens), request.now),
});

const seconds = z.number().positive().optional().catch(undefined);
const Tokens = z.object({
  access_token: foreignToken(),
  refresh_token: foreignToken().optional().catch(undefined),
  expires_in: seconds,
  refresh_token_expires_in: seconds,
  scope: z.string().default(''),
});

function credentialsOf(reply: z.infer<typeof Tokens>, now: Date): Credentials {
  return credentialsIn(reply, reply.refresh_token_expires_in, now);
}

/** One request for tokens, as our application. */
export function askTokens<Answer>(
  { endpoints, http }: { readonly endpoints: PlatformEndpoints; readonly http: PlatformHttp },
  form: Readonly<Record<string, string>>,
  answer: z.ZodType<Answer>,
): Promise<Answer> {
  const { id, secret } = clientOf(endpoints, pinterestSettings);
  return callPlatform({
    http,
    platformName: pinterestName,
    request: {
      method: 'POST',
      url: `${apiOf(endpoints, pinterestName)}/v5/oauth/token`,
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: { form },
    },
    effect: 'idempotent',
    answer,
    refusalOf: pinterestGrantRefusal,
  });
}

function noBoard(): PlatformError {
  const message = 'There is no board that this user may pin to: make one on Pinterest first';
  return new PlatformError('permission', message, { platformCode: 'no_board' });
}
