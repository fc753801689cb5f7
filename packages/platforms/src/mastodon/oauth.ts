import { z } from 'zod';
import { foreignToken } from '../answers/answer-fields.ts';
import { callPlatform } from '../http/call-platform.ts';
import { serverOriginOf } from '../connect/credential-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { Credentials, OAuthConnect } from '../port/connect.ts';
import { mastodonName } from './api.ts';
import { readProfile } from './connect.ts';
import { mastodonGrantRefusal } from './errors.ts';

const scopes = ['read:accounts', 'read:statuses', 'read:search', 'write:media', 'write:statuses'] as const;

/**
 * Each instance is a server of its own: the application is made there first, and a token there can only be ended by that application.
 * Instances before 4.3 know no PKCE and ignore it. https://docs.joinmastodon.org/methods/oauth/, read 2026-11.
 */
export const mastodonOAuth: OAuthConnect = {
  scopes,
  pkce: true,

  async registerClient({ http, server, redirectUri }) {
    const form = { client_name: 'VibeTribe', redirect_uris: redirectUri, scopes: scopes.join(' ') };
    const made = await post(http, { instance: instanceNamed(server), path: '/api/v1/apps', form, answer: Application });
    return { id: made.client_id, secret: made.client_secret };
  },

  async begin({ server, client, redirectUri, state, codeChallenge }) {
    const instance = instanceNamed(server);
    if (client === null) throw unknownClient();
    const url = new URL(`${instance}/oauth/authorize`);
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: client.id,
      redirect_uri: redirectUri,
      scope: scopes.join(' '),
      state,
      code_challenge: codeChallenge,
      code_challenge_method: 'S256',
    }).toString();
    const pending = { instance, clientId: client.id, clientSecret: client.secret };
    return { authorizationUrl: url.href, pending };
  },

  async exchange({ http, pending, code, redirectUri, codeVerifier }) {
    const known = Known.parse(pending);
    const { instance } = known;
    const form = {
      grant_type: 'authorization_code',
      code,
      client_id: known.clientId,
      client_secret: known.clientSecret,
      redirect_uri: redirectUri,
      code_verifier: codeVerifier,
    };
    const token = await post(http, { instance, path: '/oauth/token', form, answer: Token });
    const { service, ...account } = await readProfile({ http, instance, accessToken: token.access_token });
    const credentials: Credentials = {
      accessToken: token.access_token,
      details: known,
      scopes: token.scope.split(' ').filter((scope) => scope !== ''),
    };
    return { credentials, service, accounts: [account] };
  },

  /** A token that a user has brought belongs to an application that we do not know: it cannot be ended from here. */
  async revoke({ http, credentials }) {
    const known = Known.safeParse(credentials.details).data;
    if (known === undefined) return;
    const form = { client_id: known.clientId, client_secret: known.clientSecret, token: credentials.accessToken };
    await post(http, { instance: known.instance, path: '/oauth/revoke', form, answer: z.unknown() });
  },
};

const Application = z.object({ client_id: foreignToken(), client_secret: foreignToken() });
const Token = z.object({ access_token: foreignToken(), scope: z.string().default('').catch('') });
const Known = z.object({ instance: z.string(), clientId: z.string(), clientSecret: z.string() });

/** @throws PlatformError `content` for what is no address of a server */
function instanceNamed(server: string | null): string {
  const origin = server === null ? null : serverOriginOf(server);
  if (origin !== null) return origin;
  throw new PlatformError('content', 'Name the instance, such as https://mastodon.social', {
    platformCode: 'instance_missing',
    ...(server === null ? { missingField: 'instance' } : {}),
  });
}

function unknownClient(): PlatformError {
  return new PlatformError('permission', 'The instance does not know this service', { platformCode: 'client_missing' });
}

function post<Answer>(
  http: PlatformHttp,
  {
    instance,
    path,
    form,
    answer,
  }: {
    readonly instance: string;
    readonly path: string;
    readonly form: Readonly<Record<string, string>>;
    readonly answer: z.ZodType<Answer>;
  },
): Promise<Answer> {
  return callPlatform({
    http,
    request: { method: 'POST', url: `${instance}${path}`, body: { form } },
    platformName: mastodonName,
    effect: 'idempotent',
    answer,
    refusalOf: mastodonGrantRefusal,
  });
}
