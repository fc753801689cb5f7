import { z } from 'zod';
import type { Refusal } from '../http/call-platform.ts';
import { authorizeOf } from '../http/configured.ts';
import type { ConsentAnswer, ConsentRequest } from '../port/connect.ts';
import type { OAuthClient } from '../port/endpoints.ts';
import type { PlatformResponse } from '../port/platform-http.ts';
import { callGraph } from './call-graph.ts';
import { graphGrantRefusal } from './errors.ts';

/** The login that Meta's younger sites have of their own. */
interface OwnLogin {
  readonly platformName: string;
  readonly client: OAuthClient;
}

export function ownLoginUrl(
  { platformName, client }: OwnLogin,
  { endpoints, redirectUri, state }: Pick<ConsentRequest, 'endpoints' | 'redirectUri' | 'state'>,
  scopes: readonly string[],
): string {
  const url = new URL(`${authorizeOf(endpoints, platformName)}/oauth/authorize`);
  url.search = new URLSearchParams({
    client_id: client.id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: scopes.join(','),
    state,
  }).toString();
  return url.href;
}

/** A token for an hour. The code comes back with `#_` behind it. @param base of the login's host */
export function exchangeOwnCode<Answer>(
  { platformName, client: { id, secret } }: OwnLogin,
  { http, code, redirectUri }: Pick<ConsentAnswer, 'http' | 'code' | 'redirectUri'>,
  { base, answer }: { readonly base: string; readonly answer: z.ZodType<Answer> },
): Promise<Answer> {
  return callGraph({
    http,
    platformName,
    method: 'POST',
    url: `${base}/oauth/access_token`,
    form: {
      client_id: id,
      client_secret: secret,
      grant_type: 'authorization_code',
      redirect_uri: redirectUri,
      code: code.replace(/#_$/u, ''),
    },
    effect: 'idempotent',
    answer,
    refusalOf: ownLoginRefusal,
  });
}

const LoginError = z.object({ error_type: z.string(), code: z.int() });

/** The login answers in a shape of its own, in which a code that is not good and an unknown application look alike. */
function ownLoginRefusal(response: PlatformResponse): Refusal {
  const error = LoginError.safeParse(response.json).data;
  return error === undefined
    ? graphGrantRefusal(response)
    : { kind: 'auth_revoked', platformCode: `login/${error.code}` };
}
