import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import { basicCredentials } from '../oauth/basic-credentials.ts';
import { sendConsentError, sendConsentPage, withQuery } from '../oauth/consent-page.ts';
import { verifierMatches } from '../oauth/pkce.ts';
import type { Site, SiteContext } from '../site.ts';
import { connectAccount } from '../state/connect-account.ts';
import { invalidGrant, oauthError } from './answers.ts';
import { outOfBandUri } from './app-routes.ts';
import type { Application, Applications } from './applications.ts';
import { isWithin, splitScopes } from './scopes.ts';
import { issueToken } from './tokens.ts';

const codeLifeMs = 600_000;

/** https://docs.joinmastodon.org/methods/oauth/ */
export function oauthRoutes(app: FastifyInstance, site: Site, context: SiteContext, applications: Applications): void {
  const { sandbox } = context;

  app.get('/oauth/authorize', { config: { page: true } }, (request, reply) => {
    const query = AuthorizeQuery.safeParse(request.query);
    if (!query.success)
      return refuse(
        reply,
        'The request is missing a required parameter, includes an unsupported parameter value, or is otherwise malformed.',
      );
    const { client_id, redirect_uri, scope, state, code_challenge, sandbox_approve } = query.data;
    const application = applications.get(client_id);
    if (application === undefined) return refuse(reply, 'Client authentication failed due to unknown client.', 401);
    if (!application.redirectUris.includes(redirect_uri))
      return refuse(reply, 'The redirect uri included is not valid.');
    if (!isWithin(scope, application.scopes))
      return refuse(reply, 'The requested scope is invalid, unknown, or malformed.');
    if (sandbox_approve === undefined || site.normalizeHandle(sandbox_approve) === '') {
      const denyUrl = withQuery(redirect_uri, { error: 'access_denied', error_description: denial, state });
      return sendConsentPage(reply, request, {
        siteTitle: site.title,
        accounts: sandbox.accounts.ofSite(site.id),
        scope,
        redirectUri: redirect_uri,
        denyUrl,
      });
    }
    const code = sandbox.codes.issue(
      {
        site: site.id,
        account: connectAccount(site, sandbox, sandbox_approve).id,
        client: client_id,
        redirectUri: redirect_uri,
        scope: splitScopes(scope).join(' '),
        challenge: code_challenge === undefined ? null : { value: code_challenge, method: 'S256' },
      },
      codeLifeMs,
    );
    if (redirect_uri === outOfBandUri) return sendConsentError(reply, site.title, 200, `The code to copy: ${code}`);
    return reply.redirect(withQuery(redirect_uri, { code, state }), 302);
  });

  app.post('/oauth/token', (request) => {
    const body = TokenBody.safeParse(request.body);
    if (!body.success) throw new RefusalError(tokenBodyFault(body.error));
    const application = requireClient(request);
    if (body.data.grant_type === 'client_credentials') {
      if (!isWithin(body.data.scope, application.scopes)) {
        throw new RefusalError(
          oauthError(400, 'invalid_scope', 'The requested scope is invalid, unknown, or malformed.'),
        );
      }
      return issueToken(sandbox, site.id, null, application.clientId, body.data.scope);
    }
    const code = sandbox.codes.redeem(site.id, body.data.code);
    const verified =
      code?.challenge === null ||
      (code !== undefined && verifierMatches(code.challenge, body.data.code_verifier ?? ''));
    if (
      code === undefined ||
      code.client !== application.clientId ||
      code.redirectUri !== body.data.redirect_uri ||
      !verified
    ) {
      throw new RefusalError(invalidGrant());
    }
    return issueToken(sandbox, site.id, code.account, code.client, code.scope);
  });

  app.post('/oauth/revoke', (request) => {
    const application = requireClient(request, 403);
    const body = z.object({ token: z.string() }).safeParse(request.body);
    if (!body.success) return {};
    const found = sandbox.grants.look(site.id, body.data.token, sandbox.clock.nowMs());
    if (found.state === 'unknown') return {};
    if (found.grant.client !== application.clientId) throw new RefusalError(notYours());
    sandbox.store.commit([sandbox.grants.revoke(found.grant)]);
    return {};
  });

  app.get('/.well-known/oauth-authorization-server', () => {
    const origin = context.origin();
    return {
      issuer: `${origin}/`,
      authorization_endpoint: `${origin}/oauth/authorize`,
      token_endpoint: `${origin}/oauth/token`,
      revocation_endpoint: `${origin}/oauth/revoke`,
      app_registration_endpoint: `${origin}/api/v1/apps`,
      scopes_supported: ['read', 'write', 'profile'],
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'fragment', 'form_post'],
      grant_types_supported: ['authorization_code', 'client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      code_challenge_methods_supported: ['S256'],
    };
  });

  function refuse(reply: FastifyReply, text: string, status = 400): FastifyReply {
    return sendConsentError(reply, site.title, status, text);
  }

  function requireClient(request: FastifyRequest, status: 401 | 403 = 401): Application {
    const inBody = ClientFields.safeParse(request.body);
    const given =
      basicCredentials(request.headers.authorization) ??
      (inBody.success ? { id: inBody.data.client_id, secret: inBody.data.client_secret } : undefined);
    const application = given === undefined ? undefined : applications.get(given.id);
    if (application === undefined || application.clientSecret !== given?.secret) {
      throw new RefusalError(status === 403 ? notYours() : unknownClient());
    }
    return application;
  }
}

const ClientFields = z.object({ client_id: z.string(), client_secret: z.string() });

const AuthorizeQuery = z
  .object({
    response_type: z.literal('code'),
    client_id: z.string(),
    redirect_uri: z.string(),
    scope: z.string().default('read'),
    state: z.string().optional(),
    code_challenge: z.string().optional(),
    code_challenge_method: z.string().optional(),
    sandbox_approve: z.string().optional(),
  })
  .refine((query) => query.code_challenge === undefined || query.code_challenge_method === 'S256');

const TokenBody = z.discriminatedUnion('grant_type', [
  z.object({
    grant_type: z.literal('authorization_code'),
    code: z.string(),
    redirect_uri: z.string(),
    code_verifier: z.string().optional(),
  }),
  z.object({ grant_type: z.literal('client_credentials'), scope: z.string().default('read') }),
]);

const denial = 'The resource owner or authorization server denied the request.';

function tokenBodyFault(error: z.ZodError) {
  const name = String(error.issues[0]?.path[0] ?? 'grant_type');
  return name === 'grant_type'
    ? oauthError(
        400,
        'unsupported_grant_type',
        'The authorization grant type is not supported by the authorization server.',
      )
    : oauthError(400, 'invalid_request', `Missing required parameter: ${name}.`);
}

function unknownClient() {
  const description =
    'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.';
  return oauthError(401, 'invalid_client', description);
}

function notYours() {
  return oauthError(403, 'unauthorized_client', 'You are not authorized to revoke this token');
}
