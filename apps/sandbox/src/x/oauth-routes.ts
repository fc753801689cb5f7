import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RefusalError } from '../answer.ts';
import { basicCredentials } from '../oauth/basic-credentials.ts';
import { builtInClient } from '../oauth/built-in-client.ts';
import { sendConsentError, sendConsentPage, withQuery } from '../oauth/consent-page.ts';
import { ConsentQuery } from '../oauth/consent-query.ts';
import { verifierMatches } from '../oauth/pkce.ts';
import type { Site, SiteContext } from '../site.ts';
import { connectAccount } from '../state/connect-account.ts';
import { oauthError } from './answers.ts';
import { issueTokens } from './tokens.ts';

/** https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code */
const codeLifeMs = 30_000;

/** OAuth 2.0 with PKCE for one confidential client; its redirect address is not registered but must stay the same. */
export function oauthRoutes(app: FastifyInstance, site: Site, context: SiteContext): void {
  const { sandbox } = context;

  app.get('/i/oauth2/authorize', { config: { page: true } }, (request, reply) => {
    const parsed = AuthorizeQuery.safeParse(request.query);
    if (!parsed.success || parsed.data.client_id !== builtInClient.id) {
      const fault = parsed.success ? 'The client_id is unknown.' : describe(parsed.error);
      return sendConsentError(reply, site.title, 400, `You weren’t able to give access to the App. ${fault}`);
    }
    const query = parsed.data;
    const handle = query.sandbox_approve;
    if (handle === undefined || site.normalizeHandle(handle) === '') {
      return sendConsentPage(reply, request, {
        siteTitle: site.title,
        accounts: sandbox.accounts.ofSite(site.id),
        scope: query.scope,
        redirectUri: query.redirect_uri,
        denyUrl: withQuery(query.redirect_uri, { error: 'access_denied', state: query.state }),
      });
    }
    const account = connectAccount(site, sandbox, handle);
    const code = sandbox.codes.issue(
      {
        site: site.id,
        account: account.id,
        client: query.client_id,
        redirectUri: query.redirect_uri,
        scope: query.scope,
        challenge: { value: query.code_challenge, method: query.code_challenge_method },
      },
      codeLifeMs,
    );
    return reply.redirect(withQuery(query.redirect_uri, { state: query.state, code }), 302);
  });

  app.post('/2/oauth2/token', (request) => {
    requireClient(request);
    const body = TokenBody.safeParse(request.body);
    if (!body.success) throw new RefusalError(oauthError('invalid_request', describe(body.error)));
    if (body.data.grant_type === 'refresh_token') return refresh(body.data.refresh_token);
    return exchange(body.data);
  });

  app.post('/2/oauth2/revoke', (request) => {
    requireClient(request);
    const body = z.object({ token: z.string() }).safeParse(request.body);
    if (!body.success) throw new RefusalError(oauthError('invalid_request', 'Missing required parameter [token].'));
    const found = sandbox.grants.look(site.id, body.data.token, sandbox.clock.nowMs());
    if (found.state !== 'unknown') sandbox.store.commit([sandbox.grants.revoke(found.grant)]);
    return { revoked: true };
  });

  function exchange(body: CodeBody) {
    const code = sandbox.codes.redeem(site.id, body.code);
    if (code === undefined) throw invalidValue('authorization code was invalid.');
    if (code.redirectUri !== body.redirect_uri) {
      throw invalidValue('redirect uri did not match the uri of the authorization code.');
    }
    if (code.challenge === null || !verifierMatches(code.challenge, body.code_verifier)) {
      throw invalidValue('code verifier did not match the code challenge.');
    }
    const { grant, change } = sandbox.grants.open(site.id, code.account, code.client, code.scope);
    return issueTokens(sandbox, grant, [change]);
  }

  function refresh(value: string) {
    const found = sandbox.grants.look(site.id, value, sandbox.clock.nowMs());
    if (found.state !== 'valid' || found.token.use !== 'refresh') throw invalidValue('token was invalid.');
    const stale = sandbox.grants
      .tokensOf(found.grant.id)
      .filter((token) => token.use === 'refresh' || isExpired(token.expiresAtMs));
    return issueTokens(
      sandbox,
      found.grant,
      stale.map((token) => sandbox.grants.drop(token.value)),
    );
  }

  const isExpired = (expiresAtMs: number | null) => expiresAtMs !== null && expiresAtMs <= sandbox.clock.nowMs();
}

type CodeBody = z.infer<typeof CodeBody>;

const AuthorizeQuery = ConsentQuery.extend({
  state: z.string().min(1).max(500),
  code_challenge: z.string().min(1),
  code_challenge_method: z.enum(['S256', 'plain']),
});

const CodeBody = z.object({
  grant_type: z.literal('authorization_code'),
  code: z.string(),
  redirect_uri: z.string(),
  code_verifier: z.string(),
});

const TokenBody = z.discriminatedUnion('grant_type', [
  CodeBody,
  z.object({ grant_type: z.literal('refresh_token'), refresh_token: z.string() }),
]);

function requireClient(request: FastifyRequest): void {
  const client = basicCredentials(request.headers.authorization);
  if (client?.id !== builtInClient.id || client.secret !== builtInClient.secret) {
    throw new RefusalError(oauthError('unauthorized_client', 'Missing valid authorization header', 401));
  }
}

function invalidValue(what: string): RefusalError {
  return new RefusalError(oauthError('invalid_request', `Value passed for the ${what}`));
}

function describe(error: z.ZodError): string {
  return error.issues.map((issue) => `Missing required parameter [${issue.path.join('.')}].`).join(' ');
}
