import { z } from 'zod';
import type { ConnectedGrant, Credentials, OAuthConnect, RefreshRequest, TokenRefresh } from '../port/connect.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { endOfLife, foreignToken } from '../answers/answer-fields.ts';
import { callPlatform } from '../http/call-platform.ts';
import { authorizeOf, clientOf } from '../http/configured.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp, PlatformRequest } from '../port/platform-http.ts';
import { whoAmI, xApi, xName } from './api.ts';
import { xGrantRefusal } from './errors.ts';

const scopes = ['tweet.read', 'tweet.write', 'users.read', 'media.write', 'offline.access'] as const;

const xClientSettings = 'X_CLIENT_ID and X_CLIENT_SECRET';

/** OAuth 2.0 with PKCE as a confidential client. The code lives 30 s; each refresh token works once. */
export const xOAuth: OAuthConnect = {
  scopes,
  pkce: true,

  async begin({ endpoints, redirectUri, state, codeChallenge }) {
    const url = new URL(authorizeOf(endpoints, xName));
    const parameters = {
      response_type: 'code',
      client_id: clientOf(endpoints, xClientSettings).id,
      redirect_uri: redirectUri,
      scope: scopes.join(' '),
      state,
      code_challenge: codeChallenge,
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return { authorizationUrl: url.href };
  },

  async exchange({ endpoints, http, redirectUri, code, codeVerifier, now }): Promise<ConnectedGrant> {
    const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: codeVerifier };
    const credentials = credentialsOf(
      await postForm({ endpoints, http, path: '/2/oauth2/token', form, answer: TokenReply }),
      now,
    );
    try {
      const account = await whoAmI({ endpoints, http, accessToken: credentials.accessToken });
      return { credentials, service: null, accounts: [account] };
    } catch (error) {
      // Its reason is what is told; a grant that could not be taken back changes nothing about it.
      await revokeX({ endpoints, http, credentials }).catch(() => undefined);
      throw error;
    }
  },

  revoke: revokeX,
};

export async function revokeX({
  endpoints,
  http,
  credentials,
}: Pick<RefreshRequest, 'endpoints' | 'http' | 'credentials'>): Promise<void> {
  for (const token of [credentials.refreshToken, credentials.accessToken]) {
    if (token === undefined) continue;
    await postForm({ endpoints, http, path: '/2/oauth2/revoke', form: { token }, answer: z.unknown() });
  }
}

/** Each refresh token works once: a lost reply means connecting again. */
export const xRefresh: TokenRefresh = {
  cost: 'rotating',
  isPossible: ({ refreshToken }) => refreshToken !== undefined,
  refresh: refreshX,
};

export async function refreshX({
  endpoints,
  http,
  credentials,
  now,
}: Omit<RefreshRequest, 'account'>): Promise<Credentials> {
  const { refreshToken } = credentials;
  if (refreshToken === undefined) {
    throw new PlatformError('auth_revoked', 'X gave no refresh token for this account', {
      platformCode: 'refresh_token_missing',
    });
  }
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
  const reply = await postForm({ endpoints, http, path: '/2/oauth2/token', form, answer: TokenReply });
  return { refreshToken, ...credentialsOf(reply, now) };
}

const TokenReply = z.object({
  access_token: foreignToken(),
  refresh_token: foreignToken().optional(),
  expires_in: z.number().optional(),
  scope: z.string().default(''),
});

function credentialsOf(reply: z.infer<typeof TokenReply>, now: Date): Credentials {
  const expiresAt = endOfLife(now, reply.expires_in);
  return {
    accessToken: reply.access_token,
    ...(reply.refresh_token === undefined ? {} : { refreshToken: reply.refresh_token }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    scopes: reply.scope.split(' ').filter((scope) => scope !== ''),
  };
}

function postForm<Answer>(call: {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
  readonly path: string;
  readonly form: Readonly<Record<string, string>>;
  readonly answer: z.ZodType<Answer>;
}): Promise<Answer> {
  const { id, secret } = clientOf(call.endpoints, xClientSettings);
  const basic = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');
  const request: PlatformRequest = {
    method: 'POST',
    url: `${xApi(call.endpoints)}${call.path}`,
    headers: { authorization: `Basic ${basic}` },
    body: { form: call.form },
  };
  const { http, answer } = call;
  return callPlatform({ http, request, platformName: xName, effect: 'idempotent', answer, refusalOf: xGrantRefusal });
}
