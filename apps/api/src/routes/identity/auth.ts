import {
  LiveTicket,
  Login,
  Me,
  Refresh,
  Register,
  SessionTokens,
  SignedIn,
  SwitchOrganization,
} from '@vibetribe/contracts/auth';
import { DomainError } from '@vibetribe/core/domain-error';
import { issueLiveTicket } from '@vibetribe/core/identity/issue-live-ticket';
import { logIn } from '@vibetribe/core/identity/log-in';
import { logOut } from '@vibetribe/core/identity/log-out';
import { refreshSession } from '@vibetribe/core/identity/refresh-session';
import { register } from '@vibetribe/core/identity/register';
import { switchOrganization } from '@vibetribe/core/identity/switch-organization';
import { whoAmI } from '@vibetribe/core/identity/who-am-i';
import type { IdentityDependencies } from '@vibetribe/core/identity/identity-dependencies';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';
import { bearerOf } from '../../http/authentication.ts';

/** Of whoever signs in with a password, whatever is handed out for it. */
export const signInErrors = ['invalid_credentials', 'totp_required', 'totp_invalid', 'not_found', 'forbidden'] as const;

type Services = IdentityDependencies & Pick<ApiServices, 'signInLimit' | 'knownDevices' | 'keyRing'>;

export const authRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.post(
    '/auth/register',
    {
      config: { access: 'public', errors: ['email_taken', 'registration_closed'] },
      schema: {
        operationId: 'register',
        summary: 'Create a user and an organization',
        tags: ['auth'],
        body: Register,
        response: { 201: SignedIn },
      },
    },
    async (request, reply) => {
      const from = services.knownDevices.from(request, request.body.email);
      const signedIn = await services.signInLimit.register(from, () => register(services, request.body));
      services.knownDevices.remember(reply, from.email);
      return reply.code(201).send(signedIn);
    },
  );

  app.post(
    '/auth/login',
    {
      config: { access: 'public', errors: signInErrors },
      schema: {
        operationId: 'logIn',
        summary: 'Sign in with email and password',
        tags: ['auth'],
        body: Login,
        response: { 200: SignedIn },
      },
    },
    async (request, reply) => {
      const from = services.knownDevices.from(request, request.body.email);
      const signedIn = await services.signInLimit.logIn(from, () => logIn(services, request.body));
      services.knownDevices.remember(reply, from.email);
      return signedIn;
    },
  );

  app.post(
    '/auth/refresh',
    {
      config: { access: 'public', errors: ['unauthenticated', 'session_revoked', 'refresh_token_used'] },
      schema: {
        operationId: 'refreshSession',
        summary: 'Trade a refresh token for new tokens',
        tags: ['auth'],
        body: Refresh,
        response: { 200: SessionTokens },
      },
    },
    async (request) => refreshSession(services, request.body),
  );

  app.post(
    '/auth/logout',
    {
      config: { access: 'self:use' },
      schema: { operationId: 'logOut', summary: 'End the session', tags: ['auth'], response: { 204: z.undefined() } },
    },
    async (request, reply) => {
      await logOut(services, request.actor);
      return reply.code(204).send();
    },
  );

  app.post(
    '/auth/switch',
    {
      config: { access: 'self:use', errors: ['not_found'] },
      schema: {
        operationId: 'switchOrganization',
        summary: 'Sign in to another organization of the user',
        tags: ['auth'],
        body: SwitchOrganization,
        response: { 200: SignedIn },
      },
    },
    async (request) => {
      if (bearerOf(request) === undefined)
        throw new DomainError('forbidden', 'A cookie is traded for no tokens: it goes on by PUT /auth/session.');
      return switchOrganization(services, request.actor, request.body);
    },
  );

  app.get(
    '/auth/me',
    {
      config: { access: 'self:use' },
      schema: { operationId: 'whoAmI', summary: 'Read who is signed in', tags: ['auth'], response: { 200: Me } },
    },
    async (request) => whoAmI(services, request.actor),
  );

  app.post(
    '/auth/ws-ticket',
    {
      config: { access: 'live:connect' },
      schema: {
        operationId: 'issueLiveTicket',
        summary: 'Get a ticket that opens one WebSocket, once',
        tags: ['auth'],
        response: { 200: LiveTicket },
      },
    },
    async (request) => issueLiveTicket(services, request.actor),
  );
};
