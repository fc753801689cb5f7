import { newPossessionKey, publicKeyOf, signClientAssertion } from '@vibetribe/security/possession-key';
import { isLoopbackUrl } from '../http/loopback-url.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { DescribedClient } from '../port/connect.ts';
import type { OAuthClient } from '../port/endpoints.ts';

export const blueskyScopes = ['atproto', 'transition:generic'] as const;
const scope = blueskyScopes.join(' ');

/**
 * Below an https address we are a client that proves itself with a key: its sessions last for months, those of others for two weeks. On
 * this machine alone we are the one that the profile has for developers, which needs neither description nor key.
 * https://atproto.com/specs/oauth#clients, read 2026-11.
 */
export const blueskyClient: DescribedClient = {
  async make({ address, redirectUri }) {
    const { protocol, hostname } = new URL(address);
    if (protocol === 'http:' && isLoopbackUrl(address)) {
      const query = new URLSearchParams({ redirect_uri: reachableRedirect(redirectUri), scope });
      return { id: `http://localhost?${query.toString()}`, secret: '' };
    }
    if (protocol === 'https:' && !isAddress(hostname)) return { id: address, secret: await newPossessionKey() };
    const message = 'Bluesky needs PUBLIC_URL to be an https address with a name, or to be on this machine';
    throw new PlatformError('permission', message, { platformCode: 'client_address' });
  },

  async describe({ id, secret }, { redirectUri }) {
    if (secret === '') return { client_id: id, redirect_uris: [reachableRedirect(redirectUri)], scope };
    const key = await publicKeyOf(secret);
    return {
      client_id: id,
      client_name: 'VibeTribe',
      client_uri: new URL(id).origin,
      application_type: 'web',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope,
      redirect_uris: [redirectUri],
      dpop_bound_access_tokens: true,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [{ ...key, use: 'sig', alg: 'ES256' }] },
    };
  },
};

/** Servers send nobody back to a name of the own machine, only to its address. */
export function reachableRedirect(redirectUri: string): string {
  const url = new URL(redirectUri);
  if (url.protocol === 'http:' && url.hostname === 'localhost') url.hostname = '127.0.0.1';
  return url.href;
}

/** What each request to an authorization server says of who asks. */
export async function clientFields(
  { id, secret }: OAuthClient,
  audience: string,
  now: Date,
): Promise<Readonly<Record<string, string>>> {
  if (secret === '') return { client_id: id };
  return {
    client_id: id,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signClientAssertion(secret, { clientId: id, audience, nowMs: now.getTime() }),
  };
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^[\d.]+$/u.test(hostname);
}
