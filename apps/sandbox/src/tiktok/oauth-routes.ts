import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { sendConsentError, sendConsentPage, withQuery } from '../oauth/consent-page.ts';
import type { Site, SiteContext } from '../site.ts';
import { connectAccount } from '../state/connect-account.ts';
import { oauthError } from './answers.ts';
import { clientWith, isKnownClient } from './clients.ts';
import type { TikTokParts } from './parts.ts';

const codeLifeMs = 10 * 60_000;

export const knownScopes = [
  'user.info.basic',
  'user.info.stats',
  'video.publish',
  'video.upload',
  'video.list',
] as const;

/** https://developers.tiktok.com/doc/login-kit-desktop: scopes stand between commas, and the challenge is in hex. */
export function oauthRoutes(app: FastifyInstance, site: Site, { sandbox }: SiteContext, { tokens }: TikTokParts): void {
  app.get('/v2/auth/authorize/', { config: { page: true } }, (request, reply) => {
    const parsed = AuthorizeQuery.safeParse(request.query);
    if (!parsed.success || !isKnownClient(parsed.data.client_key))
      return sendConsentError(
        reply,
        site.title,
        400,
        'We couldn’t log in with TikTok: client_key, scope or redirect_uri.',
      );
    const { client_key: client, redirect_uri: redirectUri, state, scope, sandbox_approve: handle } = parsed.data;
    if (handle === undefined || site.normalizeHandle(handle) === '') {
      const denyUrl = withQuery(redirectUri, { error: 'access_denied', error_description: 'User denied', state });
      const accounts = sandbox.accounts.ofSite(site.id);
      return sendConsentPage(reply, request, { siteTitle: site.title, accounts, scope, redirectUri, denyUrl });
    }
    const account = connectAccount(site, sandbox, handle);
    const value = parsed.data.code_challenge;
    const challenge = value === undefined ? null : { value, method: 'S256' as const };
    const code = sandbox.codes.issue(
      { site: site.id, account: account.id, client, redirectUri, scope, challenge },
      codeLifeMs,
    );
    return reply.redirect(withQuery(redirectUri, { code, scopes: scope, state }), 302);
  });

  app.post('/v2/oauth/token/', (request) => {
    const given = fieldsOf(request.body);
    const client = clientWith(given['client_key'], given['client_secret']);
    if (client === undefined) throw oauthError('invalid_client', 'Client key or secret is incorrect.');
    if (given['grant_type'] === 'refresh_token') {
      const issued = tokens.refresh(given['refresh_token'] ?? '');
      if (issued === undefined) throw oauthError('invalid_grant', 'Refresh token is invalid or expired.');
      return issued;
    }
    if (given['grant_type'] !== 'authorization_code')
      throw oauthError('unsupported_grant_type', 'The grant type is not supported.');
    const code = sandbox.codes.redeem(site.id, given['code'] ?? '');
    const account = sandbox.accounts.byId(site.id, code?.account ?? '');
    if (code === undefined || account === undefined || code.client !== client.id)
      throw oauthError('invalid_grant', 'Authorization code is expired.');
    if (code.redirectUri !== given['redirect_uri'])
      throw oauthError('invalid_request', 'Redirect_uri is not matched with the uri when requesting code.');
    const derived = createHash('sha256')
      .update(given['code_verifier'] ?? '')
      .digest('hex');
    if (code.challenge !== null && code.challenge.value !== derived)
      throw oauthError('invalid_grant', 'Code verifier or code challenge is invalid.');
    return tokens.issue(account, client.id, code.scope);
  });

  app.post('/v2/oauth/revoke/', (request) => {
    const given = fieldsOf(request.body);
    if (clientWith(given['client_key'], given['client_secret']) === undefined)
      throw oauthError('invalid_client', 'Client key or secret is incorrect.');
    const found = tokens.look(given['token'] ?? '');
    if (found.state !== 'unknown') tokens.revoke(found.grant);
    return {};
  });
}

function fieldsOf(body: unknown): Record<string, string> {
  return z.record(z.string(), z.string()).catch({}).parse(body);
}

const AuthorizeQuery = z.object({
  client_key: z.string(),
  redirect_uri: z.url(),
  response_type: z.literal('code'),
  scope: z.string().refine((scope) => scope.split(',').every((name) => /^[a-z.]+$/u.test(name))),
  state: z.string().max(500),
  code_challenge: z
    .string()
    .regex(/^[0-9a-f]{64}$/u)
    .optional(),
  code_challenge_method: z.literal('S256').optional(),
  sandbox_approve: z.string().optional(),
});
