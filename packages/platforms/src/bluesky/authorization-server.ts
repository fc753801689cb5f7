import { z } from 'zod';
import { callPlatform } from '../http/call-platform.ts';
import { serverOriginOf } from '../connect/credential-fields.ts';
import { isLoopbackUrl } from '../http/loopback-url.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import { blueskyName } from './api.ts';
import { blueskyRefusal } from './errors.ts';

export interface AuthorizationServer {
  readonly issuer: string;
  readonly authorizeUrl: string;
  readonly pushUrl: string;
  readonly tokenUrl: string;
  readonly revokeUrl: string | null;
}

const timeoutMs = 5_000;

/**
 * Who gives tokens for an account's server, by what both say of themselves. An entrance that many servers share (bsky.social) is asked
 * itself. https://atproto.com/specs/oauth#authorization-servers, read 2026-11.
 * @param server origin of the account's server, or of such an entrance
 */
export async function authorizationServerOf(http: PlatformHttp, server: string): Promise<AuthorizationServer> {
  return readServer(http, (await issuerNamedBy(http, server)) ?? server);
}

/** The one authorization server that an account's server names, null where it names none. */
export async function issuerNamedBy(http: PlatformHttp, server: string): Promise<string | null> {
  try {
    const named = await read(http, `${server}/.well-known/oauth-protected-resource`, Resource);
    if (serverOriginOf(named.resource) !== server) return null;
    return named.authorization_servers[0];
  } catch (error) {
    // One that is away may name another one tomorrow.
    if (error instanceof PlatformError && !['network', 'unavailable', 'rate_limit'].includes(error.kind)) return null;
    throw error;
  }
}

const Origin = z.string().refine((given) => serverOriginOf(given) === given);
const Resource = z.object({ resource: z.string(), authorization_servers: z.tuple([Origin]) });

const needs = (values: readonly string[]) => (given: readonly string[]) => values.every((each) => given.includes(each));
const Metadata = z.object({
  issuer: Origin,
  authorization_endpoint: z.url().max(2_000),
  token_endpoint: z.url().max(2_000),
  pushed_authorization_request_endpoint: z.url().max(2_000),
  revocation_endpoint: z.url().max(2_000).nullable().default(null).catch(null),
  response_types_supported: z.array(z.string()).refine(needs(['code'])),
  grant_types_supported: z.array(z.string()).refine(needs(['authorization_code', 'refresh_token'])),
  code_challenge_methods_supported: z.array(z.string()).refine(needs(['S256'])),
  dpop_signing_alg_values_supported: z.array(z.string()).refine(needs(['ES256'])),
  scopes_supported: z.array(z.string()).refine(needs(['atproto'])),
  authorization_response_iss_parameter_supported: z.literal(true),
  require_pushed_authorization_requests: z.literal(true),
  client_id_metadata_document_supported: z.literal(true),
});

async function readServer(http: PlatformHttp, origin: string): Promise<AuthorizationServer> {
  const metadata = await read(http, `${origin}/.well-known/oauth-authorization-server`, Metadata).catch(noServer);
  const server: AuthorizationServer = {
    issuer: metadata.issuer,
    authorizeUrl: metadata.authorization_endpoint,
    pushUrl: metadata.pushed_authorization_request_endpoint,
    tokenUrl: metadata.token_endpoint,
    revokeUrl: metadata.revocation_endpoint,
  };
  const isEncrypted = origin.startsWith('https://') || isLoopbackUrl(origin);
  const addresses = [server.authorizeUrl, server.pushUrl, server.tokenUrl, server.revokeUrl ?? server.issuer];
  const { protocol } = new URL(origin);
  if (metadata.issuer !== origin || !isEncrypted || addresses.some((each) => new URL(each).protocol !== protocol))
    throw unfit(origin);
  return server;
}

function noServer(error: unknown): never {
  const isAnswer = error instanceof PlatformError && ['not_found', 'content', 'permission'].includes(error.kind);
  if (isAnswer || (error instanceof PlatformError && error.platformCode === 'http_200'))
    throw new PlatformError('content', 'The server does not connect accounts by consent: use an app password', {
      platformCode: 'oauth_unsupported',
      cause: error,
    });
  throw error;
}

function unfit(origin: string): PlatformError {
  return new PlatformError('content', `The server ${origin} does not say of itself what a consent needs`, {
    platformCode: 'oauth_metadata_unfit',
  });
}

function read<Answer>(http: PlatformHttp, url: string, answer: z.ZodType<Answer>): Promise<Answer> {
  const request = { method: 'GET', url, timeoutMs } as const;
  return callPlatform({ http, platformName: blueskyName, request, effect: 'read', answer, refusalOf: blueskyRefusal });
}
