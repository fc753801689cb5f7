import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { refuse, tokenFaults } from '../graph/answers.ts';
import { livingGrant } from '../graph/living-grant.ts';
import { parametersOf } from '../graph/request-parameters.ts';
import { versionPath } from '../graph/versions.ts';
import { builtInClient } from '../oauth/built-in-client.ts';
import { sendConsentError, sendConsentPage, withQuery } from '../oauth/consent-page.ts';
import { ConsentQuery } from '../oauth/consent-query.ts';
import type { Site, SiteContext } from '../site.ts';
import { connectAccount } from '../state/connect-account.ts';
import type { Admission } from './admit.ts';
import type { People } from './people.ts';
import type { Tokens } from './tokens.ts';

/** https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow */
const codeLifeMs = 10 * 60_000;

/** The consent dialog and the token endpoint. Several pages of one person are approved as `sandbox_approve=one,two`. */
export function oauthRoutes(
  app: FastifyInstance,
  site: Site,
  context: SiteContext,
  { people, tokens, admission }: { people: People; tokens: Tokens; admission: Admission },
): void {
  const { sandbox } = context;

  app.get(`${versionPath}/dialog/oauth`, { config: { page: true } }, (request, reply) => {
    const parsed = DialogQuery.safeParse(request.query);
    if (!parsed.success || parsed.data.client_id !== builtInClient.id) {
      return sendConsentError(reply, site.title, 400, 'Invalid App ID or missing parameter: client_id, redirect_uri.');
    }
    const { redirect_uri: redirectUri, state, scope, sandbox_approve: approved } = parsed.data;
    const handles = (approved ?? '').split(',').filter((handle) => site.normalizeHandle(handle) !== '');
    if (handles.length === 0) {
      const denied = { error: 'access_denied', error_code: '200', error_reason: 'user_denied', state };
      const accounts = sandbox.accounts.ofSite(site.id);
      const denyUrl = withQuery(redirectUri, denied);
      return sendConsentPage(reply, request, { siteTitle: site.title, accounts, scope, redirectUri, denyUrl });
    }
    const pages = handles.map((handle) => connectAccount(site, sandbox, handle));
    if (scope.split(',').includes('instagram_basic')) linkOthers(context, handles);
    const person = people.runningAll(pages);
    const chosen = { id: person.id, pages: pages.map(({ id }) => id) };
    const code = sandbox.codes.issue(
      { site: site.id, account: JSON.stringify(chosen), client: builtInClient.id, redirectUri, scope, challenge: null },
      codeLifeMs,
    );
    return reply.redirect(withQuery(redirectUri, { code, state }), 302);
  });

  for (const method of ['GET', 'POST'] as const) {
    app.route({ method, url: `${versionPath}/oauth/access_token`, handler: (request) => answerToken(request) });
  }

  function answerToken(request: FastifyRequest) {
    const given = parametersOf(request);
    if (given['client_id'] !== builtInClient.id) {
      throw refuse({
        code: 101,
        message: 'Error validating application. Cannot get application info due to a system error.',
      });
    }
    if (given['client_secret'] !== builtInClient.secret) {
      throw refuse({ code: 1, message: 'Error validating client secret.' });
    }
    switch (given['grant_type'] ?? 'authorization_code') {
      case 'authorization_code':
        return exchangeCode(given);
      case 'fb_exchange_token':
        return exchangeToken(given['fb_exchange_token'] ?? '');
      case 'client_credentials':
        return { access_token: `${builtInClient.id}|${builtInClient.secret}`, token_type: 'bearer' };
      default:
        throw refuse({ code: 100, message: 'Invalid grant_type' });
    }
  }

  function exchangeCode({ code = '', redirect_uri: redirectUri }: Readonly<Record<string, string>>) {
    const known = sandbox.codes.redeem(site.id, code);
    if (known === undefined) {
      throw refuse({ code: 100, subcode: 36_009, message: 'This authorization code has been used.' });
    }
    if (known.redirectUri !== redirectUri) {
      throw refuse({
        code: 100,
        subcode: 36_008,
        message:
          'Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request',
      });
    }
    const { id, pages } = Chosen.parse(JSON.parse(known.account));
    const person = people.get(id);
    if (person === undefined)
      throw refuse({ code: 100, subcode: 36_007, message: 'This authorization code has expired.' });
    const consent = tokens.consent(person, known.scope);
    const chosen = pages.flatMap((page) => sandbox.accounts.byId(site.id, page) ?? []);
    for (const page of chosen) tokens.ofPage(consent, page);
    const { value, lifeSeconds } = tokens.issue(consent, 'short');
    return { access_token: value, token_type: 'bearer', expires_in: lifeSeconds };
  }

  function exchangeToken(value: string) {
    const grant = livingGrant(tokens, value);
    if (people.get(grant.account ?? '') === undefined)
      throw refuse({ code: 100, message: 'No user access token specified' });
    const long = tokens.issue(grant, 'long');
    return { access_token: long.value, token_type: 'bearer', expires_in: long.lifeSeconds };
  }

  app.get(`${versionPath}/debug_token`, (request) => {
    const given = parametersOf(request);
    const asking = given['access_token'] ?? request.headers.authorization?.split(' ').at(-1);
    if (asking !== `${builtInClient.id}|${builtInClient.secret}`) throw refuse(tokenFaults.malformed);
    const found = tokens.look(given['input_token'] ?? '');
    if (found.state === 'unknown') {
      return { data: { is_valid: false, scopes: [], error: { code: 190, message: 'Invalid OAuth access token.' } } };
    }
    const { expiresAtMs } = found.token;
    return {
      data: {
        app_id: builtInClient.id,
        type: people.get(found.grant.account ?? '') === undefined ? 'PAGE' : 'USER',
        is_valid: found.state === 'valid',
        expires_at: expiresAtMs === null ? 0 : Math.floor(sandbox.clock.toWallMs(expiresAtMs) / 1_000),
        scopes: found.grant.scope.split(','),
      },
    };
  });

  app.get<{ Params: { id: string } }>(`${versionPath}/:id/permissions`, (request) => {
    const asking = admission.caller(request);
    return { data: asking.scopes.map((permission) => ({ permission, status: 'granted' })) };
  });

  app.delete<{ Params: { id: string } }>(`${versionPath}/:id/permissions`, (request) => {
    const asking = admission.caller(request);
    if (asking.kind !== 'person' || !['me', asking.person.id].includes(request.params.id)) {
      throw refuse({ code: 200, status: 403, message: '(#200) A user access token is needed' });
    }
    tokens.revoke(asking.grant);
    return { success: true };
  });
}

/** A page and a professional account of the same name belong to each other. */
function linkOthers({ sharing, sandbox }: SiteContext, handles: readonly string[]): void {
  for (const other of sharing()) for (const handle of handles) connectAccount(other, sandbox, handle);
}

const DialogQuery = ConsentQuery.extend({
  response_type: z.literal('code').default('code'),
  scope: z.string().default(''),
});

/** What a code stands for: a person, and the pages that they have chosen. */
const Chosen = z.object({ id: z.string(), pages: z.array(z.string()) });
