import { Login, SwitchOrganization } from '@vibetribe/contracts/auth';
import { moveCookieSession } from '@vibetribe/core/identity/cookie-session';
import { openCookieSession } from '@vibetribe/core/identity/log-in';
import { logOut } from '@vibetribe/core/identity/log-out';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';
import { signInErrors } from './auth.ts';
import { clearSessionCookie, refuseForeignOrigin, setSessionCookie } from '../../http/session-cookie.ts';

const tags = ['auth'];

/** A browser's session, in a cookie that no script can read. */
export const cookieSessionRoutes: FastifyPluginAsyncZod<{ services: ApiServices }> = async (app, { services }) => {
  app.post(
    '/auth/session',
    {
      config: {
        access: 'public',
        errors: [...signInErrors, 'foreign_page'],
      },
      schema: {
        operationId: 'openCookieSession',
        summary: 'Sign in with a cookie',
        description:
          'Requests with the cookie carry `X-Requested-With: vibetribe`, and an `Origin` that is the API’s own where they change something.',
        tags,
        body: Login,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      refuseForeignOrigin(request, services.publicUrl());
      const from = services.knownDevices.from(request, request.body.email);
      const { cookie } = await services.signInLimit.logIn(from, () => openCookieSession(services, request.body));
      setSessionCookie(reply, cookie);
      services.knownDevices.remember(reply, from.email);
      return reply.code(204).send();
    },
  );

  app.put(
    '/auth/session',
    {
      config: { access: 'self:use', errors: ['not_found'] },
      schema: {
        operationId: 'moveCookieSession',
        summary: 'Go on with the cookie in another organization of the user',
        tags,
        body: SwitchOrganization,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await moveCookieSession(services, request.actor, request.body);
      return reply.code(204).send();
    },
  );

  app.delete(
    '/auth/session',
    {
      config: { access: 'self:use' },
      schema: {
        operationId: 'endCookieSession',
        summary: 'End the session and its cookie',
        tags,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await logOut(services, request.actor);
      clearSessionCookie(reply);
      return reply.code(204).send();
    },
  );
};
