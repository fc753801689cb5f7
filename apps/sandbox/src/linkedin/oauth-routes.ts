import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { builtInClient } from '../oauth/built-in-client.ts';
import { sendConsentError, sendConsentPage, withQuery } from '../oauth/consent-page.ts';
import { ConsentQuery } from '../oauth/consent-query.ts';
import type { Site, SiteContext } from '../site.ts';
import { connectAccount } from '../state/connect-account.ts';
import { accessDenied, invalidInput, oauthError } from './answers.ts';
import type { LinkedInParts } from './parts.ts';

const codeLifeMs = 30 * 60_000;

/** https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow. A person and the organizations that they run are approved as `sandbox_approve=ada,company/one`. */
export function oauthRoutes(app: FastifyInstance, site: Site, context: SiteContext, parts: LinkedInParts): void {
  const { sandbox } = context;
  const { tokens, members, admission } = parts;

  app.get('/oauth/v2/authorization', { config: { page: true } }, (request, reply) => {
    const parsed = ConsentQuery.safeParse(request.query);
    if (!parsed.success || parsed.data.client_id !== builtInClient.id)
      return sendConsentError(reply, site.title, 400, 'The passed in client_id or redirect_uri is invalid');
    const { redirect_uri: redirectUri, state, scope, sandbox_approve: approved } = parsed.data;
    const unknown = scope.split(' ').find((name) => !knownScopes.includes(name));
    if (unknown !== undefined) {
      const error_description = `Scope "${unknown}" is not authorized for your application`;
      return reply.redirect(
        withQuery(redirectUri, { error: 'unauthorized_scope_error', error_description, state }),
        302,
      );
    }
    const handles = (approved ?? '').split(',').filter((handle) => site.normalizeHandle(handle) !== '');
    if (handles.length === 0) {
      const denyUrl = withQuery(redirectUri, {
        error: 'user_cancelled_authorize',
        error_description: 'The user cancelled the authorization',
        state,
      });
      const accounts = sandbox.accounts.ofSite(site.id);
      return sendConsentPage(reply, request, { siteTitle: site.title, accounts, scope, redirectUri, denyUrl });
    }
    const named = handles.map((handle) => connectAccount(site, sandbox, handle));
    const organizations = named.filter(({ id }) => members.isOrganization(id));
    const [first] = organizations;
    const person = named.find(({ id }) => !members.isOrganization(id)) ?? (first && members.adminOf(first));
    if (person === undefined) return sendConsentError(reply, site.title, 400, 'Nobody is signed in');
    members.runs(person, organizations);
    const code = sandbox.codes.issue(
      { site: site.id, account: person.id, client: builtInClient.id, redirectUri, scope, challenge: null },
      codeLifeMs,
    );
    return reply.redirect(withQuery(redirectUri, { code, state }), 302);
  });

  app.post('/oauth/v2/accessToken', (request) => {
    const given = z.record(z.string(), z.string()).catch({}).parse(request.body);
    if (given['client_id'] !== builtInClient.id || given['client_secret'] !== builtInClient.secret)
      throw oauthError('invalid_client', 'Client authentication failed', 401);
    if (given['grant_type'] === 'refresh_token') {
      const issued = tokens.refresh(given['refresh_token'] ?? '');
      if (issued === undefined) throw oauthError('invalid_grant', 'The provided refresh token is invalid or expired');
      return issued;
    }
    if (given['grant_type'] !== 'authorization_code')
      throw oauthError('unsupported_grant_type', 'The grant type is not supported');
    const code = sandbox.codes.redeem(site.id, given['code'] ?? '');
    const account = sandbox.accounts.byId(site.id, code?.account ?? '');
    if (code === undefined || account === undefined || code.redirectUri !== given['redirect_uri'])
      throw oauthError(
        'invalid_grant',
        'Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. Or authorization code expired.',
      );
    return tokens.issue(account, code.scope);
  });

  app.post('/oauth/v2/revoke', (request, reply) => {
    const given = z.record(z.string(), z.string()).catch({}).parse(request.body);
    if (given['client_id'] !== builtInClient.id || given['client_secret'] !== builtInClient.secret)
      throw oauthError('invalid_client', 'Client authentication failed', 401);
    const found = tokens.look(given['token'] ?? '');
    if (found.state === 'valid') tokens.revoke(found.grant);
    return reply.code(200).send();
  });

  app.post('/oauth/v2/introspectToken', (request) => {
    const given = z.record(z.string(), z.string()).catch({}).parse(request.body);
    if (given['client_id'] !== builtInClient.id || given['client_secret'] !== builtInClient.secret)
      throw oauthError('invalid_client', 'Client authentication failed', 401);
    const found = tokens.look(given['token'] ?? '');
    if (found.state === 'unknown') return { active: false };
    const { expiresAtMs, issuedAtMs } = found.token;
    return {
      active: found.state === 'valid',
      status: found.state === 'valid' ? 'active' : found.state,
      client_id: builtInClient.id,
      scope: found.grant.scope.replaceAll(' ', ','),
      created_at: Math.floor(sandbox.clock.toWallMs(issuedAtMs) / 1_000),
      expires_at: Math.floor(sandbox.clock.toWallMs(expiresAtMs ?? 0) / 1_000),
      auth_type: '3L',
    };
  });

  app.get('/v2/userinfo', (request) => {
    const { person, scopes } = admission.member(request);
    if (!scopes.includes('openid')) throw accessDenied('userinfo.GET');
    const { displayName } = person;
    return {
      sub: idIn(person.id),
      name: displayName,
      given_name: displayName,
      family_name: '',
      locale: { country: 'US', language: 'en' },
    };
  });

  app.get('/v2/me', (request) => {
    const { person, scopes } = admission.member(request);
    if (!scopes.includes('r_basicprofile')) throw accessDenied('me.GET');
    return {
      id: idIn(person.id),
      localizedFirstName: person.displayName,
      localizedLastName: '',
      vanityName: person.handle,
    };
  });

  app.get('/rest/organizationAcls', (request) => {
    const { person, scopes } = admission.versioned(request);
    if (!scopes.some((scope) => /^r(?:w)?_organization_admin$/u.test(scope)))
      throw accessDenied('organizationAcls.FINDER-roleAssignee');
    const parsed = AclQuery.safeParse(request.query);
    if (!parsed.success) throw invalidInput('INVALID_REQUEST', 'q must be roleAssignee');
    const { count, start } = parsed.data;
    const all = members.organizationsOf(person.id);
    const elements = all.slice(start, start + count).map(({ id }) => ({
      role: 'ADMINISTRATOR',
      state: 'APPROVED',
      roleAssignee: person.id,
      organization: id,
    }));
    return { paging: { start, count, links: [], total: all.length }, elements };
  });

  app.get<{ Params: { id: string } }>('/rest/organizations/:id(^\\d+$)', (request) => {
    const { person } = admission.versioned(request);
    const urn = `urn:li:organization:${request.params.id}`;
    const organization = members.organizationsOf(person.id).find(({ id }) => id === urn);
    if (organization === undefined) throw accessDenied(`organizations ${urn}`);
    const { displayName, handle } = organization;
    return { id: Number(request.params.id), localizedName: displayName, vanityName: handle.replace(/^company\//u, '') };
  });
}

function idIn(urn: string): string {
  return urn.split(':').at(-1) ?? '';
}

export const knownScopes = [
  'openid',
  'profile',
  'email',
  'w_member_social',
  'r_basicprofile',
  'rw_organization_admin',
  'r_organization_admin',
  'w_organization_social',
  'r_organization_social',
  'w_member_social_feed',
  'w_organization_social_feed',
  'r_organization_social_feed',
  'r_member_social',
  'r_member_postAnalytics',
  'r_member_profileAnalytics',
];

const AclQuery = z.object({
  q: z.literal('roleAssignee'),
  role: z.string().optional(),
  state: z.string().optional(),
  count: z.coerce.number().int().min(1).max(100).default(10),
  start: z.coerce.number().int().min(0).default(0),
});
