import { z } from 'zod';
import { foreignToken } from '../answers/answer-fields.ts';
import { callPlatform } from '../http/call-platform.ts';
import { authorizeOf, clientOf } from '../http/configured.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { Credentials } from '../port/connect.ts';
import type { OAuthClient, PlatformEndpoints } from '../port/endpoints.ts';
import { credentialsIn, renewUntilEnd } from '../connect/renew-tokens.ts';
import { linkedInName } from './api.ts';
import { linkedInGrantRefusal } from './errors.ts';

/** Which of the two applications a token was issued for. */
export type Login = 'member' | 'organization';

interface TokenCall {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
}

/** Community Management stands alone in its application: it has one of its own beside the one for people. */
export function loginFor({ clients }: Pick<PlatformEndpoints, 'clients'>): Login {
  return clients['organization'] === undefined ? 'member' : 'organization';
}

export function clientFor(endpoints: PlatformEndpoints, login: Login): OAuthClient {
  return login === 'organization'
    ? clientOf(endpoints, 'LINKEDIN_ORGANIZATION_CLIENT_ID and LINKEDIN_ORGANIZATION_CLIENT_SECRET', 'organization')
    : clientOf(endpoints, 'LINKEDIN_CLIENT_ID and LINKEDIN_CLIENT_SECRET');
}

export function loginOf({ details = {} }: Pick<Credentials, 'details'>, endpoints: PlatformEndpoints): Login {
  const given = details['login'];
  return given === 'member' || given === 'organization' ? given : loginFor(endpoints);
}

const Tokens = z.object({
  access_token: foreignToken(),
  expires_in: z.number().positive().optional().catch(undefined),
  refresh_token: foreignToken().optional().catch(undefined),
  refresh_token_expires_in: z.number().positive().optional().catch(undefined),
  scope: z.string().optional().catch(undefined),
});

/** https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow, read 2026-11. Refresh tokens are for approved partners. */
export async function askTokens(
  { endpoints, http, login, now }: TokenCall & { readonly login: Login; readonly now: Date },
  form: Readonly<Record<string, string>>,
): Promise<Credentials> {
  const reply = await callAuthorization({ endpoints, http, login }, { path: 'accessToken', form, answer: Tokens });
  const credentials = credentialsIn(reply, reply.refresh_token_expires_in, now);
  return { ...credentials, details: { login, ...credentials.details }, issuedAt: now.toISOString() };
}

/** One request to the host of the consent page, as one of our applications. */
export function callAuthorization<Answer>(
  { endpoints, http, login }: TokenCall & { readonly login: Login },
  call: {
    readonly path: 'accessToken' | 'revoke' | 'introspectToken';
    readonly form: Readonly<Record<string, string>>;
    readonly answer: z.ZodType<Answer>;
  },
): Promise<Answer> {
  const { id, secret } = clientFor(endpoints, login);
  return callPlatform({
    http,
    platformName: linkedInName,
    request: {
      method: 'POST',
      url: `${authorizeOf(endpoints, linkedInName)}/oauth/v2/${call.path}`,
      body: { form: { ...call.form, client_id: id, client_secret: secret } },
    },
    effect: 'idempotent',
    answer: call.answer,
    refusalOf: linkedInGrantRefusal,
  });
}

/** The same refresh token for as long as it lives: 365 days from the consent, whatever is done with it. */
export const linkedInRefresh = renewUntilEnd({
  cost: 'repeatable',
  withoutToken: 'LinkedIn gives this application no way to renew the token: connect the account again',
  ask: ({ endpoints, http, credentials, now }, form) =>
    askTokens({ endpoints, http, login: loginOf(credentials, endpoints), now }, form),
});
