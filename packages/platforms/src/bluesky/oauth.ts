import { newPossessionKey } from '@vibetribe/security/possession-key';
import { z } from 'zod';
import { foreignToken } from '../answers/answer-fields.ts';
import { serverOriginOf } from '../connect/credential-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ConnectedGrant, ConsentRequest, OAuthConnect } from '../port/connect.ts';
import { blueskyName, proofKeyName } from './api.ts';
import { authorizationServerOf, issuerNamedBy } from './authorization-server.ts';
import { didAtServer, didOfHandle, plainHandle, serverOfDid } from './identity.ts';
import { blueskyClient, blueskyScopes, reachableRedirect } from './oauth-client.ts';
import {
  askForTokens,
  askServer,
  type ConsentDetails as Details,
  ConsentDetails,
  credentialsIn,
  isByConsent,
  revokeConsent,
  type Tokens,
} from './oauth-tokens.ts';
import { readBlueskyAccount } from './session.ts';

/** The profile of AT Protocol: pushed requests (RFC 9126), proofs of possession (RFC 9449), PKCE. https://atproto.com/specs/oauth, read 2026-11. */
export const blueskyOAuth: OAuthConnect = {
  scopes: blueskyScopes,
  pkce: true,
  describedClient: blueskyClient,

  async begin(request) {
    const { http, client, redirectUri, state, codeChallenge, handle, now } = request;
    if (client === null)
      throw new PlatformError('permission', 'No server knows this service', { platformCode: 'client_missing' });
    const { did, server } = await placeNamed(request);
    const issuing = await authorizationServerOf(http, server);
    const details: Details = {
      issuer: issuing.issuer,
      tokenUrl: issuing.tokenUrl,
      revokeUrl: issuing.revokeUrl ?? '',
      clientId: client.id,
      clientKey: client.secret,
      [proofKeyName]: await newPossessionKey(),
    };
    const { request_uri: pushed } = await askServer({
      http,
      url: issuing.pushUrl,
      details,
      form: {
        response_type: 'code',
        redirect_uri: reachableRedirect(redirectUri),
        scope: blueskyScopes.join(' '),
        state,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
        ...(handle === null || handle.trim() === '' ? {} : { login_hint: plainHandle(handle) }),
      },
      answer: z.object({ request_uri: foreignToken() }),
      now,
    });
    const url = new URL(issuing.authorizeUrl);
    url.search = new URLSearchParams({ client_id: client.id, request_uri: pushed }).toString();
    return { authorizationUrl: url.href, pending: { ...details, did: did ?? '' } };
  },

  async exchange({ endpoints, http, code, issuer, codeVerifier, redirectUri, pending, now }): Promise<ConnectedGrant> {
    const { did: wanted, ...details } = Pending.parse(pending);
    // Before the code is given to anybody: it may come from another server (RFC 9207).
    if (issuer !== details.issuer) throw foreign('Another server sent the answer than was asked', 'issuer_mismatch');
    const form = {
      grant_type: 'authorization_code',
      code,
      code_verifier: codeVerifier,
      redirect_uri: reachableRedirect(redirectUri),
    };
    const tokens = await askForTokens(http, details, form, now);
    try {
      return await grantIn({ endpoints, http, tokens, details, wanted, now });
    } catch (error) {
      await revokeConsent(http, details, tokens.refresh_token ?? tokens.access_token, now).catch(() => undefined);
      throw error;
    }
  },

  async revoke({ http, credentials, now }) {
    if (!isByConsent(credentials)) return;
    const details = ConsentDetails.parse(credentials.details);
    await revokeConsent(http, details, credentials.refreshToken ?? credentials.accessToken, now);
  },
};

const Pending = ConsentDetails.extend({
  /** Of the handle that the user named, '' where only a server was. */
  did: z.string(),
});

/** Whom to ask: the server that the user named, else that of the handle's account, else Bluesky's own entrance. */
async function placeNamed({
  endpoints,
  http,
  server,
  handle,
}: ConsentRequest): Promise<{ readonly did: string | null; readonly server: string }> {
  const named = server === null ? null : serverOriginOf(server);
  if (server !== null && named === null)
    throw new PlatformError('content', 'The server must be a web address such as https://bsky.social', {
      platformCode: 'service_invalid',
    });
  const isHandleGiven = handle !== null && handle.trim() !== '';
  if (named !== null) return { did: isHandleGiven ? await didAtServer(http, named, handle) : null, server: named };
  if (isHandleGiven) {
    const did = await didOfHandle({ endpoints, http }, handle);
    return { did, server: await serverOfDid({ endpoints, http }, did) };
  }
  if (endpoints.api !== null) return { did: null, server: endpoints.api };
  throw new PlatformError('content', 'Name the handle or the server', {
    platformCode: 'handle_missing',
    missingField: 'handle',
  });
}

/**
 * Whose the tokens are. A server can name any account in its answer, so the account's own document must lead back to it: to a server
 * that names this one as the giver of its tokens.
 */
async function grantIn({
  endpoints,
  http,
  tokens,
  details,
  wanted,
  now,
}: Pick<ConsentRequest, 'endpoints' | 'http' | 'now'> & {
  readonly tokens: Tokens;
  readonly details: Details;
  readonly wanted: string;
}): Promise<ConnectedGrant> {
  const { sub: did } = tokens;
  if (wanted !== '' && did !== wanted) throw foreign('The consent is of another account', 'sub_mismatch');
  const service = await serverOfDid({ endpoints, http }, did);
  if ((await issuerNamedBy(http, service)) !== details.issuer)
    throw foreign('The server of the account does not take tokens of this one', 'issuer_not_named');
  const credentials = credentialsIn(tokens, details, now);
  const { externalId, handle, displayName, serverRules } = await readBlueskyAccount({
    endpoints,
    http,
    account: { externalId: did, handle: did, service },
    accessToken: credentials.accessToken,
    scopes: credentials.scopes,
    details,
  });
  if (externalId !== did) throw foreign(`${blueskyName} answered with another account`, 'sub_mismatch');
  const account = { externalId, handle, displayName, ...(serverRules === undefined ? {} : { serverRules }) };
  return { credentials, service, accounts: [account] };
}

function foreign(message: string, platformCode: string): PlatformError {
  return new PlatformError('auth_revoked', message, { platformCode });
}
