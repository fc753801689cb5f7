import { ChangePassword, Session } from '@vibetribe/contracts/auth';
import { pageOf } from '@vibetribe/contracts/page';
import { changePassword } from '@vibetribe/core/identity/change-password';
import { endSession, listSessions } from '@vibetribe/core/identity/list-sessions';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';

const tags = ['auth'];

/** What a person does about their own sessions and password. */
export const sessionRoutes: FastifyPluginAsyncZod<{ services: ApiServices }> = async (app, { services }) => {
  app.get(
    '/auth/sessions',
    {
      config: { access: 'self:use' },
      schema: {
        operationId: 'listSessions',
        summary: 'List the user’s sessions',
        tags,
        response: { 200: pageOf(Session) },
      },
    },
    async (request) => ({ items: await listSessions(services, request.actor), nextCursor: null }),
  );

  app.delete(
    '/auth/sessions/:id',
    {
      config: { access: 'self:use' },
      schema: {
        operationId: 'endSession',
        summary: 'End one of the user’s sessions',
        tags,
        params: z.object({ id: z.string() }),
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await endSession(services, request.actor, { sessionId: request.params.id });
      return reply.code(204).send();
    },
  );

  app.post(
    '/auth/password/change',
    {
      config: { access: 'self:use', errors: ['invalid_credentials'] },
      schema: {
        operationId: 'changePassword',
        summary: 'Change the password; every other session ends',
        tags,
        body: ChangePassword,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      // Whoever has found a session open must not find the password too.
      const from = services.knownDevices.from(request, request.actor.principal);
      await services.signInLimit.logIn(from, () => changePassword(services, request.actor, request.body));
      return reply.code(204).send();
    },
  );
};
