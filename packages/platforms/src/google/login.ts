import { z } from 'zod';
import { endOfLife, foreignToken } from '../answers/answer-fields.ts';
import { clientIsKnown } from '../connect/client-checks.ts';
import { callPlatform } from '../http/call-platform.ts';
import { authorizeOf, clientOf, hostOf } from '../http/configured.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { ConsentAnswer, ConsentRequest, Credentials, RefreshRequest, TokenRefresh } from '../port/connect.ts';
import type { DoctorCheck } from '../port/doctor.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { googleGrantRefusal } from './errors.ts';

/** Google's login as one of its platforms uses it. `token` is among the platform's hosts. */
export interface GoogleLogin {
  readonly platformName: string;
  /** The two environment variables that name the application. */
  readonly settings: string;
  readonly scopes: readonly string[];
}

interface TokenCall {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
}

const TokenReply = z.object({
  access_token: foreignToken(),
  expires_in: z.number().optional().catch(undefined),
  refresh_token: foreignToken().optional(),
  scope: z.string().optional().catch(undefined),
  id_token: z.string().max(16_384).optional().catch(undefined),
});

/** `prompt=consent`: without it a refresh token comes with a person's first consent only. https://developers.google.com/identity/protocols/oauth2/web-server, read 2026-11. */
export function googleConsentUrl(login: GoogleLogin, request: ConsentRequest): string {
  const { endpoints, redirectUri, state, codeChallenge } = request;
  const url = new URL(`${authorizeOf(endpoints, login.platformName)}/o/oauth2/v2/auth`);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientOf(endpoints, login.settings).id,
    redirect_uri: redirectUri,
    scope: login.scopes.join(' '),
    state,
    access_type: 'offline',
    prompt: 'consent',
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
  }).toString();
  return url.href;
}

export interface GoogleTokens {
  readonly credentials: Credentials;
  /** Who consented, where that was told. */
  readonly person: string | null;
}

export async function exchangeGoogleCode(login: GoogleLogin, answer: ConsentAnswer): Promise<GoogleTokens> {
  const { redirectUri, code, codeVerifier, now } = answer;
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: codeVerifier };
  const reply = await askTokens(login, answer, form);
  return { credentials: credentialsOf(login, reply, now), person: personIn(reply.id_token) };
}

function credentialsOf(login: GoogleLogin, reply: z.infer<typeof TokenReply>, now: Date): Credentials {
  const expiresAt = endOfLife(now, reply.expires_in);
  return {
    accessToken: reply.access_token,
    ...(reply.refresh_token === undefined ? {} : { refreshToken: reply.refresh_token }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    scopes: reply.scope === undefined ? [...login.scopes] : reply.scope.split(' ').filter((scope) => scope !== ''),
  };
}

/** The same refresh token for as long as the person leaves it, and uses it once in six months. */
export function googleRefresh(login: GoogleLogin): TokenRefresh {
  return {
    cost: 'repeatable',
    isPossible: ({ refreshToken }) => refreshToken !== undefined,
    refresh: (request) => renewGoogle(login, request),
  };
}

export async function renewGoogle(
  login: GoogleLogin,
  { endpoints, http, credentials, now }: Omit<RefreshRequest, 'account'>,
): Promise<Credentials> {
  const { refreshToken } = credentials;
  if (refreshToken === undefined) {
    const message = `${login.platformName} gave no refresh token for this account: connect it again`;
    throw new PlatformError('auth_revoked', message, { platformCode: 'refresh_token_missing' });
  }
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
  const reply = await askTokens(login, { endpoints, http }, form);
  const renewed = credentialsOf(login, reply, now);
  const { expiresAt: _ended, ...kept } = credentials;
  const scopes = reply.scope === undefined ? credentials.scopes : renewed.scopes;
  return { ...kept, ...renewed, refreshToken: renewed.refreshToken ?? refreshToken, scopes };
}

/** Everything that the person ever allowed this application. https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke, read 2026-11. */
export async function revokeGoogle(
  { platformName }: GoogleLogin,
  { endpoints, http, credentials }: TokenCall & { readonly credentials: Credentials },
): Promise<void> {
  await callPlatform({
    http,
    platformName,
    request: {
      method: 'POST',
      url: `${hostOf(endpoints, 'token', platformName)}/revoke`,
      body: { form: { token: credentials.refreshToken ?? credentials.accessToken } },
    },
    effect: 'idempotent',
    answer: z.unknown(),
    refusalOf: googleGrantRefusal,
  });
}

function askTokens(
  { platformName, settings }: GoogleLogin,
  { endpoints, http }: TokenCall,
  form: Readonly<Record<string, string>>,
) {
  const { id, secret } = clientOf(endpoints, settings);
  return callPlatform({
    http,
    platformName,
    request: {
      method: 'POST',
      url: `${hostOf(endpoints, 'token', platformName)}/token`,
      body: { form: { ...form, client_id: id, client_secret: secret } },
    },
    effect: 'idempotent',
    answer: TokenReply,
    refusalOf: googleGrantRefusal,
  });
}

const IdToken = z.object({ sub: z.string().regex(/^[\w-]{1,255}$/u) });

/** It comes from the token endpoint itself: its signature says nothing more. */
function personIn(idToken: string | undefined): string | null {
  const [, payload = ''] = idToken?.split('.') ?? [];
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return IdToken.safeParse(claims).data?.sub ?? null;
  } catch {
    return null;
  }
}

/** Whether id and secret belong together: a token that is none is refused as such only by who knows the application. */
export function checkGoogleClient(login: GoogleLogin, call: TokenCall): Promise<DoctorCheck> {
  return clientIsKnown(() => askTokens(login, call, { grant_type: 'refresh_token', refresh_token: 'none' }), {
    name: 'credentials',
    platformName: 'Google',
    isKnown: ({ kind }) => kind === 'auth_revoked',
    whenRefused: `Compare ${login.settings} with the OAuth client in the Google Cloud console`,
  });
}
