import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { builtInClient } from '../oauth/built-in-client.ts';
import { sendConsentError, sendConsentPage, withQuery } from '../oauth/consent-page.ts';
import { ConsentQuery } from '../oauth/consent-query.ts';
import { verifierMatches } from '../oauth/pkce.ts';
import type { Site, SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import { connectAccount } from '../state/connect-account.ts';
import { oauthError, tokenDead } from './answers.ts';
import type { Tokens } from './tokens.ts';

const codeLifeMs = 10 * 60_000;

/**
 * Consent page, tokens and revocation: https://developers.google.com/identity/protocols/oauth2/web-server
 * Several accounts of one person are approved as `sandbox_approve=one,two`.
 * @param opening what stands for the person who opens these accounts: the first of them, and what else they run is remembered
 */
export function oauthRoutes(
  app: FastifyInstance,
  site: Site,
  { sandbox }: SiteContext,
  { tokens, opening }: { tokens: Tokens; opening: (accounts: readonly Account[]) => string },
): void {
  app.get('/o/oauth2/v2/auth', { config: { page: true } }, (request, reply) => {
    const parsed = AuthorizeQuery.safeParse(request.query);
    if (!parsed.success) return sendConsentError(reply, site.title, 400, 'Error 400: invalid_request');
    const { client_id: clientId, redirect_uri: redirectUri, scope, state, access_type: accessType } = parsed.data;
    if (clientId !== builtInClient.id) return sendConsentError(reply, site.title, 401, 'Error 401: invalid_client');
    const handles = (parsed.data.sandbox_approve ?? '')
      .split(',')
      .filter((handle) => site.normalizeHandle(handle) !== '');
    if (handles.length === 0) {
      const accounts = sandbox.accounts.ofSite(site.id);
      const denyUrl = withQuery(redirectUri, { error: 'access_denied', state });
      return sendConsentPage(reply, request, { siteTitle: site.title, accounts, scope, redirectUri, denyUrl });
    }
    const account = opening(handles.map((handle) => connectAccount(site, sandbox, handle)));
    const { code_challenge: value, code_challenge_method: method } = parsed.data;
    // A refresh token comes with the first consent only, unless the page was to ask again.
    const isOffline = accessType === 'offline' && parsed.data.prompt.split(' ').includes('consent');
    const code = sandbox.codes.issue(
      {
        site: site.id,
        account,
        client: `${builtInClient.id}${isOffline ? offlineMark : ''}`,
        redirectUri,
        scope,
        challenge: value === undefined ? null : { value, method },
      },
      codeLifeMs,
    );
    return reply.redirect(withQuery(redirectUri, { state, code, scope }), 302);
  });

  app.post('/token', (request) => {
    const given = z.record(z.string(), z.string()).catch({}).parse(request.body);
    if (given['client_id'] !== builtInClient.id)
      throw oauthError('invalid_client', 'The OAuth client was not found.', 401);
    if (given['client_secret'] !== builtInClient.secret)
      throw oauthError('invalid_client', 'The provided client secret is invalid.', 401);
    if (given['grant_type'] === 'refresh_token') {
      const issued = tokens.refresh(given['refresh_token'] ?? '');
      if (issued === undefined) throw oauthError(...tokenDead);
      return issued;
    }
    if (given['grant_type'] !== 'authorization_code')
      throw oauthError('unsupported_grant_type', `Invalid grant_type: ${given['grant_type']?.slice(0, 50)}`);
    const code = sandbox.codes.redeem(site.id, given['code'] ?? '');
    if (code === undefined) throw oauthError('invalid_grant', 'Malformed auth code.');
    if (code.redirectUri !== given['redirect_uri']) throw oauthError('redirect_uri_mismatch', 'Bad Request');
    if (code.challenge !== null && !verifierMatches(code.challenge, given['code_verifier'] ?? ''))
      throw oauthError('invalid_grant', 'Invalid code verifier.');
    const issued = tokens.issue(tokens.consent(code.account, code.scope), code.client.endsWith(offlineMark));
    return code.scope.split(' ').includes('openid') ? { ...issued, id_token: idToken(code.account) } : issued;
  });

  app.post('/revoke', (request, reply) => {
    const query = z.record(z.string(), z.unknown()).catch({}).parse(request.query);
    const body = z.record(z.string(), z.unknown()).catch({}).parse(request.body);
    const token = body['token'] ?? query['token'];
    const found = tokens.look(typeof token === 'string' ? token : '');
    if (found.state !== 'valid') throw oauthError('invalid_token', 'Token expired or revoked');
    tokens.revoke(found.grant);
    return reply.code(200).send({});
  });
}

const offlineMark = ' offline';

/** Unsigned where it counts: it comes from the token endpoint itself. */
function idToken(account: string): string {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sub = `1${Buffer.from(account).toString('hex').slice(0, 8)}`;
  return [encoded({ alg: 'none' }), encoded({ iss: 'https://accounts.google.com', sub }), ''].join('.');
}

const AuthorizeQuery = ConsentQuery.extend({
  access_type: z.enum(['online', 'offline']).default('online'),
  prompt: z.string().default(''),
  code_challenge: z.string().optional(),
  code_challenge_method: z.enum(['S256', 'plain']).default('plain'),
});
