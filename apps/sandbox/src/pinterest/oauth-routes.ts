import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import { basicCredentials } from '../oauth/basic-credentials.ts';
import { sendConsentError, sendConsentPage, withQuery } from '../oauth/consent-page.ts';
import { ConsentQuery } from '../oauth/consent-query.ts';
import type { Site, SiteContext } from '../site.ts';
import { connectAccount } from '../state/connect-account.ts';
import { grantInvalid, refuse } from './answers.ts';
import { clientWith, isKnownClient } from './clients.ts';
import type { PinterestParts } from './parts.ts';

const codeLifeMs = 10 * 60_000;

/** https://developers.pinterest.com/docs/getting-started/set-up-authentication-and-authorization/. Several boards of one user are approved as `sandbox_approve=one,two`. */
export function oauthRoutes(app: FastifyInstance, site: Site, context: SiteContext, parts: PinterestParts): void {
  const { sandbox } = context;
  const { tokens, owners } = parts;

  app.get('/oauth/', { config: { page: true } }, (request, reply) => {
    const parsed = AuthorizeQuery.safeParse(request.query);
    if (!parsed.success || !isKnownClient(parsed.data.client_id))
      return sendConsentError(reply, site.title, 400, 'The client_id, redirect_uri or scope is not valid.');
    const { client_id: client, redirect_uri: redirectUri, state, scope, sandbox_approve: approved } = parsed.data;
    const handles = (approved ?? '').split(',').filter((handle) => site.normalizeHandle(handle) !== '');
    if (handles.length === 0) {
      const denyUrl = withQuery(redirectUri, { error: 'access_denied', state });
      const accounts = sandbox.accounts.ofSite(site.id);
      return sendConsentPage(reply, request, { siteTitle: site.title, accounts, scope, redirectUri, denyUrl });
    }
    const boards = handles.map((handle) => connectAccount(site, sandbox, handle));
    owners.ofAll(boards);
    const account = boards[0]?.id ?? '';
    const code = sandbox.codes.issue(
      { site: site.id, account, client, redirectUri, scope, challenge: null },
      codeLifeMs,
    );
    return reply.redirect(withQuery(redirectUri, { code, state }), 302);
  });

  app.post('/v5/oauth/token', (request) => {
    const client = requireClient(request);
    const given = z.record(z.string(), z.string()).catch({}).parse(request.body);
    switch (given['grant_type']) {
      case 'authorization_code': {
        const code = sandbox.codes.redeem(site.id, given['code'] ?? '');
        const account = sandbox.accounts.byId(site.id, code?.account ?? '');
        if (code === undefined || account === undefined || code.client !== client.id)
          throw new RefusalError(grantInvalid);
        if (code.redirectUri !== given['redirect_uri']) throw new RefusalError(grantInvalid);
        return { response_type: 'authorization_code', ...tokens.issue(account, client.id, code.scope) };
      }
      case 'refresh_token': {
        const issued = tokens.refresh(given['refresh_token'] ?? '');
        if (issued === undefined) throw new RefusalError(grantInvalid);
        return { response_type: 'refresh_token', ...issued };
      }
      case 'client_credentials':
        return {
          response_type: 'client_credentials',
          access_token: 'pinc_of_the_application_itself',
          token_type: 'bearer',
          expires_in: 2_592_000,
          scope: given['scope'] ?? '',
        };
      default:
        throw refuse(400, 1, 'Invalid request: grant_type is not supported');
    }
  });

  /** Only tokens of system users can be revoked, and there are none here. */
  app.post('/v5/oauth/token/revoke', (request) => {
    requireClient(request);
    throw refuse(403, 29, 'Client is not allowed to revoke token.');
  });
}

function requireClient({ headers }: FastifyRequest) {
  const given = basicCredentials(headers.authorization);
  const client = clientWith(given?.id, given?.secret);
  if (client === undefined) throw refuse(401, 2, 'Authentication failed.');
  return client;
}

export const knownScopes = ['boards:read', 'boards:write', 'pins:read', 'pins:write', 'user_accounts:read'] as const;

const scopeNames = /^[a-z_]+:(?:read|write)(?:_secret)?$/u;

const AuthorizeQuery = ConsentQuery.extend({
  scope: z.string().refine((scope) => scope.split(/[\s,]+/u).every((name) => scopeNames.test(name))),
  state: z.string().max(500).optional(),
});
