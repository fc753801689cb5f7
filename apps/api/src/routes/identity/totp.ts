import { TotpCode, TotpEnrolment, TotpRecovery } from '@vibetribe/contracts/auth';
import { confirmTotp, enrolTotp, removeTotp } from '@vibetribe/core/identity/manage-totp';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';

const tags = ['auth'];

/** The second factor of whoever is signed in. */
export const totpRoutes: FastifyPluginAsyncZod<{ services: ApiServices }> = async (app, { services }) => {
  app.post(
    '/auth/totp',
    {
      config: { access: 'self:use', errors: ['conflict'] },
      schema: {
        operationId: 'enrolTotp',
        summary: 'Get a secret for an authenticator app',
        description: 'Nothing asks for its codes before one of them has confirmed it.',
        tags,
        response: { 200: TotpEnrolment },
      },
    },
    async (request) => enrolTotp(services, request.actor),
  );

  app.post(
    '/auth/totp/confirm',
    {
      config: { access: 'self:use', errors: ['conflict', 'totp_invalid', 'rate_limited'] },
      schema: {
        operationId: 'confirmTotp',
        summary: 'Ask for codes at each login from now on; the answer shows the recovery codes once',
        tags,
        body: TotpCode,
        response: { 200: TotpRecovery },
      },
    },
    async (request) => confirmTotp(services, request.actor, request.body),
  );

  app.delete(
    '/auth/totp',
    {
      config: { access: 'self:use', errors: ['not_found', 'totp_invalid', 'rate_limited'] },
      schema: {
        operationId: 'removeTotp',
        summary: 'Remove the second factor, with a code of it or a recovery code',
        tags,
        body: TotpCode,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await removeTotp(services, request.actor, request.body);
      return reply.code(204).send();
    },
  );
};
