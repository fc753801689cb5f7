import { z } from 'zod';
import { foreignId, foreignToken } from '../answers/answer-fields.ts';
import { callPlatform } from '../http/call-platform.ts';
import { apiOf, authorizeOf, clientOf } from '../http/configured.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { ConnectedGrant, Credentials, OAuthConnect } from '../port/connect.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { credentialsIn, renewUntilEnd } from '../connect/renew-tokens.ts';
import { refusalsByStatus, tiktokName } from './api.ts';
import { readUser } from './creator.ts';
import { tiktokGrantRefusal } from './errors.ts';

const scopes = ['user.info.basic', 'user.info.stats', 'video.publish', 'video.upload', 'video.list'] as const;

const settings = 'TIKTOK_CLIENT_ID and TIKTOK_CLIENT_SECRET';

/** https://developers.tiktok.com/doc/oauth-user-access-token-management, read 2026-11. */
export const tiktokOAuth: OAuthConnect = {
  scopes,
  pkce: true,

  async begin({ endpoints, redirectUri, state, codeChallenge }) {
    const url = new URL(`${authorizeOf(endpoints, tiktokName)}/v2/auth/authorize/`);
    url.search = new URLSearchParams({
      client_key: clientOf(endpoints, settings).id,
      scope: scopes.join(','),
      response_type: 'code',
      redirect_uri: redirectUri,
      state,
      // In hex, where everybody else has base64url: https://developers.tiktok.com/doc/login-kit-desktop.
      code_challenge: Buffer.from(codeChallenge, 'base64url').toString('hex'),
      code_challenge_method: 'S256',
    }).toString();
    return { authorizationUrl: url.href };
  },

  async exchange({ endpoints, http, redirectUri, code, codeVerifier, now }): Promise<ConnectedGrant> {
    const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: codeVerifier };
    const credentials = credentialsOf(await ask({ endpoints, http }, { path: 'token', form, answer: Tokens }), now);
    const account = await readUser({ endpoints, http, accessToken: credentials.accessToken });
    const granted = credentials.scopes.length === 0 ? [...scopes] : credentials.scopes;
    return { credentials: { ...credentials, scopes: granted }, service: null, accounts: [account] };
  },

  async revoke({ endpoints, http, credentials: { accessToken } }) {
    await ask({ endpoints, http }, { path: 'revoke', form: { token: accessToken }, answer: z.unknown() });
  },
};

/** Each answer may have a new refresh token, and then the old one is dead. */
export const tiktokRefresh = renewUntilEnd({
  cost: 'rotating',
  withoutToken: 'TikTok gave no refresh token for this account',
  ask: async (request, form) => credentialsOf(await ask(request, { path: 'token', form, answer: Tokens }), request.now),
});

const seconds = z.number().positive().optional().catch(undefined);
const Tokens = z.object({
  access_token: foreignToken(),
  open_id: foreignId().optional().catch(undefined),
  refresh_token: foreignToken().optional().catch(undefined),
  expires_in: seconds,
  refresh_expires_in: seconds,
  scope: z.string().default(''),
});

/** How long tokens live is TikTok's to say: it has changed before. */
function credentialsOf(reply: z.infer<typeof Tokens>, now: Date): Credentials {
  return credentialsIn(reply, reply.refresh_expires_in, now);
}

function ask<Answer>(
  { endpoints, http }: { readonly endpoints: PlatformEndpoints; readonly http: PlatformHttp },
  call: {
    readonly path: 'token' | 'revoke';
    readonly form: Readonly<Record<string, string>>;
    readonly answer: z.ZodType<Answer>;
  },
): Promise<Answer> {
  const { id, secret } = clientOf(endpoints, settings);
  return callPlatform({
    http: refusalsByStatus(http),
    platformName: tiktokName,
    request: {
      method: 'POST',
      url: `${apiOf(endpoints, tiktokName)}/v2/oauth/${call.path}/`,
      body: { form: { ...call.form, client_key: id, client_secret: secret } },
    },
    effect: 'idempotent',
    answer: call.answer,
    refusalOf: tiktokGrantRefusal,
  });
}
