import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import { sendConsentError, sendConsentPage, withQuery } from '../oauth/consent-page.ts';
import { verifierMatches } from '../oauth/pkce.ts';
import type { Annex, Caller, Site, SiteContext } from '../site.ts';
import { connectAccount } from '../state/connect-account.ts';
import { randomSecret } from '../state/random-secret.ts';
import { invalidGrant, oauthAnswers, oauthError } from './oauth-answers.ts';
import { createClients } from './oauth-clients.ts';
import { createProofs } from './oauth-proofs.ts';
import type { OAuthSessions } from './oauth-sessions.ts';

export const authorizationServerId = 'bluesky-auth';
const pushedLifeMs = 5 * 60_000;
const codeLifeMs = 5 * 60_000;

/** Gives the tokens that the personal data server takes, https://atproto.com/specs/oauth: an origin of its own. */
export function authorizationServer(site: Site, context: SiteContext, sessions: OAuthSessions): Annex {
  const { sandbox } = context;
  const origin = () => context.hostOf(authorizationServerId);
  const clients = createClients(sandbox, origin);
  const proofs = createProofs(sandbox.clock, origin, (error, why) => oauthError(400, error, why));
  const pushed = sandbox.store.table('bluesky-pushed-requests', PushedRequest);
  /** Keeps for each code the key that the request was pushed with, and the session that the code began. */
  const bound = new Map<string, { jkt: string; grant: string | null }>();

  return { id: authorizationServerId, prefix: null, answers: oauthAnswers, identify, routes };

  function routes(app: FastifyInstance): void {
    app.addHook('onRequest', async (_request, reply) => proofs.announce(reply));

    app.get('/.well-known/oauth-authorization-server', () => metadata(origin(), context.origin()));
    app.get('/oauth/jwks', () => ({ keys: [] }));

    app.post('/oauth/par', async (request, reply) => {
      const jkt = proofs.require(request);
      const client = await clients.require(request.body);
      const asked = parseForm(PushedForm, request.body);
      if (!client.allowsRedirect(asked.redirect_uri)) throw refusal('invalid_request', 'Invalid redirect_uri');
      const scopes = asked.scope.split(' ');
      if (!scopes.includes('atproto') || !scopes.every((scope) => client.scopes.includes(scope)))
        throw refusal('invalid_scope', 'The scope is not one that the client has told');
      const uri = `urn:ietf:params:oauth:request_uri:req-${randomSecret()}`;
      const { client_id: _id, ...request_ } = asked;
      const row = { ...request_, client: client.id, jkt, expiresAtMs: sandbox.clock.nowMs() + pushedLifeMs };
      sandbox.store.commit([pushed.put(uri, row)]);
      return reply.code(201).send({ request_uri: uri, expires_in: pushedLifeMs / 1000 });
    });

    app.get('/oauth/authorize', { config: { page: true } }, (request, reply) => {
      const query = AuthorizeQuery.safeParse(request.query);
      if (!query.success) return refuse(reply, 'The request has to be pushed first.');
      const { client_id: client, request_uri: uri, sandbox_approve: approved } = query.data;
      const asked = pushed.get(uri);
      if (asked === undefined || asked.client !== client || asked.expiresAtMs <= sandbox.clock.nowMs())
        return refuse(reply, 'The request is unknown, of another client, used or too old.');
      const { redirect_uri: redirectUri, state, scope } = asked;
      if (approved === undefined || site.normalizeHandle(approved) === '') {
        const denied = { error: 'access_denied', error_description: 'Access denied', state, iss: origin() };
        const accounts = sandbox.accounts.ofSite(site.id);
        const denyUrl = withQuery(redirectUri, denied);
        return sendConsentPage(reply, request, { siteTitle: site.title, accounts, scope, redirectUri, denyUrl });
      }
      const account = connectAccount(site, sandbox, approved).id;
      const challenge = { value: asked.code_challenge, method: 'S256' } as const;
      const code = sandbox.codes.issue({ site: site.id, account, client, redirectUri, scope, challenge }, codeLifeMs);
      bound.set(code, { jkt: asked.jkt, grant: null });
      sandbox.store.commit([pushed.drop(uri)]);
      return reply.redirect(withQuery(redirectUri, { code, state, iss: origin() }), 302);
    });

    app.post('/oauth/token', async (request) => {
      const jkt = proofs.require(request);
      const client = await clients.require(request.body);
      const form = parseForm(TokenForm, request.body);
      if (form.grant_type === 'refresh_token') return sessions.rotate(form.refresh_token, { client: client.id, jkt });
      const code = sandbox.codes.redeem(site.id, form.code);
      const binding = bound.get(form.code);
      if (code === undefined) {
        endSession(binding?.grant ?? null);
        throw new RefusalError(invalidGrant('Invalid code'));
      }
      const isVerified = code.challenge !== null && verifierMatches(code.challenge, form.code_verifier);
      const isTheirs = code.client === client.id && code.redirectUri === form.redirect_uri && binding?.jkt === jkt;
      if (!isVerified || !isTheirs) throw new RefusalError(invalidGrant('The code was not given for this request'));
      const isConfidential = client.keys !== null;
      const { grant, tokens } = sessions.begin(code.account, code.scope, { client: client.id, jkt, isConfidential });
      bound.set(form.code, { jkt, grant: grant.id });
      return tokens;
    });

    app.post('/oauth/revoke', async (request, reply) => {
      const client = await clients.require(request.body);
      const { token } = parseForm(z.object({ token: z.string() }), request.body);
      const found = sandbox.grants.look(site.id, token, sandbox.clock.nowMs());
      if (found.state !== 'unknown' && found.grant.client === client.id) sessions.end(found.grant);
      return reply.code(200).send({});
    });
  }

  /** A code that comes twice was seen by somebody else. */
  function endSession(grantId: string | null): void {
    const grant = grantId === null ? undefined : sandbox.grants.byId(grantId);
    if (grant !== undefined) sessions.end(grant);
  }

  function refuse(reply: FastifyReply, text: string): FastifyReply {
    return sendConsentError(reply, site.title, 400, text);
  }

  /** Names the caller by the code or the refresh token of the request. */
  function identify({ body }: FastifyRequest): Caller | undefined {
    if (typeof body !== 'object' || body === null) return undefined;
    if ('refresh_token' in body) {
      const found = sandbox.grants.look(site.id, String(body.refresh_token), sandbox.clock.nowMs());
      if (found.state === 'unknown' || found.grant.account === null) return undefined;
      return { account: found.grant.account, grant: found.grant.id, use: 'refresh' };
    }
    const code = 'code' in body ? sandbox.codes.peek(site.id, String(body.code)) : undefined;
    return code === undefined ? undefined : { account: code.account, grant: null, use: 'sign-in' };
  }
}

function metadata(issuer: string, resource: string) {
  return {
    issuer,
    scopes_supported: ['atproto', 'transition:email', 'transition:generic', 'transition:chat.bsky'],
    subject_types_supported: ['public'],
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    ui_locales_supported: ['en-US'],
    display_values_supported: ['page', 'popup', 'touch'],
    authorization_response_iss_parameter_supported: true,
    request_parameter_supported: true,
    request_uri_parameter_supported: true,
    require_request_uri_registration: true,
    jwks_uri: `${issuer}/oauth/jwks`,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['ES256'],
    revocation_endpoint: `${issuer}/oauth/revoke`,
    pushed_authorization_request_endpoint: `${issuer}/oauth/par`,
    require_pushed_authorization_requests: true,
    dpop_signing_alg_values_supported: ['ES256'],
    protected_resources: [resource],
    client_id_metadata_document_supported: true,
  };
}

const PushedForm = z.object({
  client_id: z.string(),
  response_type: z.literal('code'),
  redirect_uri: z.url().max(2_000),
  scope: z.string().max(2_000),
  state: z.string().min(1).max(1_000),
  code_challenge: z.string().length(43),
  code_challenge_method: z.literal('S256'),
  login_hint: z.string().max(300).optional(),
});

const PushedRequest = PushedForm.omit({ client_id: true }).extend({
  client: z.string(),
  jkt: z.string(),
  expiresAtMs: z.number(),
});

const AuthorizeQuery = z.object({
  client_id: z.string(),
  request_uri: z.string(),
  sandbox_approve: z.string().optional(),
});

const TokenForm = z.discriminatedUnion('grant_type', [
  z.object({
    grant_type: z.literal('authorization_code'),
    code: z.string(),
    redirect_uri: z.string(),
    code_verifier: z.string(),
  }),
  z.object({ grant_type: z.literal('refresh_token'), refresh_token: z.string() }),
]);

function parseForm<Value>(schema: z.ZodType<Value>, body: unknown): Value {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw refusal('invalid_request', `The field ${String(parsed.error.issues[0]?.path[0] ?? 'body')} is not valid`);
}

function refusal(error: string, why: string): RefusalError {
  return new RefusalError(oauthError(400, error, why));
}
