import { z } from 'zod';
import { endOfLife, foreignToken } from '../answers/answer-fields.ts';
import { callPlatform, type Refusal } from '../http/call-platform.ts';
import { PlatformError, type PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformHttp, PlatformResponse } from '../port/platform-http.ts';
import type { Credentials, RefreshRequest } from '../port/connect.ts';
import { retryAfterMsOf } from '../http/retry-after.ts';
import { blueskyName, proofKeyName } from './api.ts';
import { Did } from './identity.ts';
import { clientFields } from './oauth-client.ts';

/** What is kept of a consent beside its tokens: who gave it, as whom we asked, and the key that its tokens are bound to. */
export const ConsentDetails = z.object({
  issuer: z.string(),
  tokenUrl: z.string(),
  /** '' where the server has none. */
  revokeUrl: z.string(),
  clientId: z.string(),
  /** '' for the client of this machine alone. */
  clientKey: z.string(),
  [proofKeyName]: z.string(),
});
export type ConsentDetails = z.infer<typeof ConsentDetails>;

export function isByConsent({ details }: Credentials): boolean {
  return details?.[proofKeyName] !== undefined;
}

/** A refresh token works once: `refresh_token` of the answer is the next one. */
export async function refreshConsent({ http, account, credentials, now }: RefreshRequest): Promise<Credentials> {
  const { refreshToken } = credentials;
  if (refreshToken === undefined)
    throw new PlatformError('auth_revoked', 'No refresh token is left', { platformCode: 'grant_missing' });
  const details = ConsentDetails.parse(credentials.details);
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
  const answer = await askForTokens(http, details, form, now);
  if (answer.sub !== account.externalId) {
    await revokeConsent(http, details, answer.refresh_token ?? answer.access_token, now);
    throw new PlatformError('auth_revoked', `${blueskyName} answered with another account's token`, {
      platformCode: 'sub_mismatch',
    });
  }
  return credentialsIn(answer, details, now);
}

const Tokens = z.object({
  access_token: foreignToken(),
  token_type: z.string().regex(/^DPoP$/iu),
  refresh_token: foreignToken().optional(),
  expires_in: z.number().optional().catch(undefined),
  scope: z.string().refine((scope) => scope.split(' ').includes('atproto')),
  sub: Did,
});
export type Tokens = z.infer<typeof Tokens>;

export function askForTokens(
  http: PlatformHttp,
  details: ConsentDetails,
  form: Readonly<Record<string, string>>,
  now: Date,
): Promise<Tokens> {
  return askServer({ http, url: details.tokenUrl, details, form, answer: Tokens, now });
}

export async function revokeConsent(
  http: PlatformHttp,
  details: ConsentDetails,
  token: string,
  now: Date,
): Promise<void> {
  if (details.revokeUrl === '') return;
  await askServer({ http, url: details.revokeUrl, details, form: { token }, answer: z.unknown(), now });
}

export function credentialsIn(
  { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn, scope }: Tokens,
  details: ConsentDetails,
  now: Date,
): Credentials {
  const expiresAt = endOfLife(now, expiresIn);
  return {
    accessToken,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    details,
    scopes: scope.split(' ').filter((each) => each !== ''),
  };
}

/** Every request to an authorization server is a form, says who asks and proves the key. */
export async function askServer<Answer>({
  http,
  url,
  details,
  form,
  answer,
  now,
}: {
  readonly http: PlatformHttp;
  readonly url: string;
  readonly details: ConsentDetails;
  readonly form: Readonly<Record<string, string>>;
  readonly answer: z.ZodType<Answer>;
  readonly now: Date;
}): Promise<Answer> {
  const client = { id: details.clientId, secret: details.clientKey };
  const body = { form: { ...form, ...(await clientFields(client, details.issuer, now)) } };
  return callPlatform({
    http,
    platformName: blueskyName,
    request: { method: 'POST', url, proofKey: details[proofKeyName], body },
    effect: 'idempotent',
    answer,
    refusalOf: grantRefusal,
  });
}

const OAuthError = z.object({ error: z.string().optional().catch(undefined) });

/** RFC 6749, 5.2. A server that cannot read our description, or wants another proof, says nothing about the grant. */
const kindByError: Readonly<Record<string, PlatformErrorKind>> = {
  invalid_grant: 'auth_revoked',
  access_denied: 'auth_revoked',
  use_dpop_nonce: 'unavailable',
  invalid_dpop_proof: 'unavailable',
  temporarily_unavailable: 'unavailable',
  server_error: 'unavailable',
};

/** Without the reason: these requests carry tokens. */
function grantRefusal(response: PlatformResponse): Refusal {
  const { error = `http_${response.status}` } = OAuthError.safeParse(response.json).data ?? {};
  const kind = response.status === 429 ? 'rate_limit' : (kindByError[error] ?? 'permission');
  return { kind, platformCode: error, retryAfterMs: retryAfterMsOf(response) };
}
