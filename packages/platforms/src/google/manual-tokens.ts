import { credentialsGiven, type GivenTokens } from '../connect/given-tokens.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { Credentials } from '../port/connect.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { type GoogleLogin, renewGoogle } from './login.ts';

/** What is asked with a token that was made elsewhere. One that has ended is renewed first where there is something to renew it with. */
export async function withGivenTokens<Told>(
  login: GoogleLogin,
  call: { readonly endpoints: PlatformEndpoints; readonly http: PlatformHttp; readonly now: Date },
  given: GivenTokens,
  ask: (accessToken: string) => Promise<Told>,
): Promise<{ readonly credentials: Credentials; readonly told: Told }> {
  const { accessToken, refreshToken } = given;
  const credentials = credentialsGiven(given);
  try {
    return { credentials, told: await ask(accessToken) };
  } catch (error) {
    const hasEnded = error instanceof PlatformError && error.kind === 'auth_expired';
    if (!hasEnded || refreshToken === undefined) throw error;
  }
  const renewed = await renewGoogle(login, { ...call, credentials });
  return { credentials: renewed, told: await ask(renewed.accessToken) };
}
