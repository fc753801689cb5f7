import { foreignToken } from '../answers/answer-fields.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { OAuthClient } from '../port/endpoints.ts';
import { z } from 'zod';
import { callGraph } from './call-graph.ts';
import { graphGrantRefusal } from './errors.ts';

/** Where Facebook's login and its tokens are asked for. */
export interface PersonLogin {
  readonly http: PlatformHttp;
  readonly platformName: string;
  /** Base of the Graph API with its version. */
  readonly graph: string;
  readonly client: OAuthClient;
}

/** The consent dialog. https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow, read 2026-11. */
export function dialogUrl(dialog: {
  readonly base: string;
  readonly version: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly state: string;
}): string {
  const url = new URL(`${dialog.base}/${dialog.version}/dialog/oauth`);
  url.search = new URLSearchParams({
    client_id: dialog.clientId,
    redirect_uri: dialog.redirectUri,
    response_type: 'code',
    scope: dialog.scopes.join(','),
    state: dialog.state,
  }).toString();
  return url.href;
}

/** A token of the person who consented, for about 60 days. */
export async function tokenForCode(login: PersonLogin, code: string, redirectUri: string): Promise<string> {
  return prolong(login, await askToken(login, { code, redirect_uri: redirectUri }));
}

/** Another 60 days for a token that is alive. */
export function prolong(login: PersonLogin, token: string): Promise<string> {
  return askToken(login, { grant_type: 'fb_exchange_token', fb_exchange_token: token });
}

export function isRefused(error: unknown): boolean {
  return error instanceof PlatformError && ['auth_expired', 'auth_revoked'].includes(error.kind);
}

const TokenReply = z.object({ access_token: foreignToken() });

async function askToken(login: PersonLogin, form: Readonly<Record<string, string>>): Promise<string> {
  const { id, secret } = login.client;
  const { access_token: token } = await callGraph({
    ...login,
    method: 'POST',
    url: `${login.graph}/oauth/access_token`,
    form: { client_id: id, client_secret: secret, ...form },
    effect: 'idempotent',
    answer: TokenReply,
    refusalOf: graphGrantRefusal,
  });
  return token;
}
