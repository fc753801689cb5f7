import type { FastifyInstance } from 'fastify';
import { RefusalError } from '../answer.ts';
import { refuse } from './answers.ts';
import { livingGrant } from './living-grant.ts';
import { parametersOf } from './request-parameters.ts';
import { builtInClient } from '../oauth/built-in-client.ts';
import { sendConsentError, sendConsentPage, withQuery } from '../oauth/consent-page.ts';
import { ConsentQuery } from '../oauth/consent-query.ts';
import type { Site, SiteContext } from '../site.ts';
import { connectAccount } from '../state/connect-account.ts';
import type { LoginTokens } from './login-tokens.ts';

const codeLifeMs = 3_600_000;

/** What tells the logins of Meta's sites apart. */
export interface LoginKind {
  /** Before `_exchange_token` and `_refresh_token`. */
  readonly grantPrefix: string;
  /** The answer to the code names what was granted. */
  readonly tellsPermissions: boolean;
}

/** The login that Meta's younger sites have of their own: a code, a short-lived token, and a long-lived one that is renewed. */
export function loginRoutes(
  app: FastifyInstance,
  site: Site,
  { sandbox }: SiteContext,
  tokens: LoginTokens,
  { grantPrefix, tellsPermissions }: LoginKind,
): void {
  app.get('/oauth/authorize', { config: { page: true } }, (request, reply) => {
    const parsed = ConsentQuery.safeParse(request.query);
    if (!parsed.success || parsed.data.client_id !== builtInClient.id) {
      return sendConsentError(reply, site.title, 400, 'Invalid platform app');
    }
    const { redirect_uri: redirectUri, state, scope, sandbox_approve: handle } = parsed.data;
    if (handle === undefined || site.normalizeHandle(handle) === '') {
      const denied = { error: 'access_denied', error_reason: 'user_denied', state };
      const accounts = sandbox.accounts.ofSite(site.id);
      const denyUrl = withQuery(redirectUri, denied);
      return sendConsentPage(reply, request, { siteTitle: site.title, accounts, scope, redirectUri, denyUrl });
    }
    const account = connectAccount(site, sandbox, handle);
    const code = sandbox.codes.issue(
      { site: site.id, account: account.id, client: builtInClient.id, redirectUri, scope, challenge: null },
      codeLifeMs,
    );
    return reply.redirect(`${withQuery(redirectUri, { code, state })}#_`, 302);
  });

  app.post('/oauth/access_token', (request) => {
    const given = parametersOf(request);
    if (given['client_id'] !== builtInClient.id || given['client_secret'] !== builtInClient.secret) {
      throw loginError('Invalid platform app');
    }
    if (given['grant_type'] !== 'authorization_code') throw loginError('Invalid grant_type');
    const code = sandbox.codes.redeem(site.id, given['code'] ?? '');
    if (code === undefined) throw loginError('Matching code was not found or was already used');
    if (code.redirectUri !== given['redirect_uri']) throw loginError('Error validating verification code');
    const account = sandbox.accounts.byId(site.id, code.account);
    if (account === undefined) throw loginError('Matching code was not found or was already used');
    const { access_token } = tokens.issue(tokens.consent(account, code.scope), 'short');
    const permissions = tellsPermissions ? { permissions: code.scope.split(',') } : {};
    return { access_token, user_id: account.id, ...permissions };
  });

  app.get('/access_token', (request) => {
    const given = parametersOf(request);
    if (given['grant_type'] !== `${grantPrefix}_exchange_token`)
      throw refuse({ code: 100, message: 'Invalid grant_type' });
    if (given['client_secret'] !== builtInClient.secret)
      throw refuse({ code: 1, message: 'Error validating client secret.' });
    return { ...tokens.issue(livingGrant(tokens, given['access_token'] ?? ''), 'long'), token_type: 'bearer' };
  });

  app.get('/refresh_access_token', (request) => {
    const given = parametersOf(request);
    if (given['grant_type'] !== `${grantPrefix}_refresh_token`)
      throw refuse({ code: 100, message: 'Invalid grant_type' });
    const grant = livingGrant(tokens, given['access_token'] ?? '');
    if (!tokens.mayBeRenewed(given['access_token'] ?? '')) {
      throw refuse({ code: 10, message: 'A token can be refreshed when it is at least 24 hours old' });
    }
    return { ...tokens.issue(grant, 'long'), token_type: 'bearer' };
  });
}

/** The sites of this login write handles alike. */
export function loginHandle(handle: string): string {
  return handle
    .trim()
    .toLowerCase()
    .replace(/^@/, '')
    .replace(/[^a-z0-9._]+/g, '_');
}

/** The login's host has an error shape of its own. */
function loginError(message: string): RefusalError {
  return new RefusalError({
    status: 400,
    body: { error_type: 'OAuthException', code: 400, error_message: message },
  });
}
