import { ChangeEmail, ConfirmEmail, ForgotPassword, ResetPassword } from '@vibetribe/contracts/auth';
import { confirmEmailChange, requestEmailChange } from '@vibetribe/core/identity/change-email';
import { forgotPassword, resetPassword } from '@vibetribe/core/identity/reset-password';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';
import { addressKey } from '../../http/address-key.ts';
import { pageUrl } from '../../http/form-page.ts';
import { emailPath, resetPath } from './account-pages.ts';

const tags = ['auth'];

/** What is confirmed by a link in a mail: another password for who has lost theirs, and another address. */
export const passwordRoutes: FastifyPluginAsyncZod<{ services: ApiServices }> = async (app, { services }) => {
  app.post(
    '/auth/password/forgot',
    {
      config: { access: 'public', errors: ['rate_limited'] },
      schema: {
        operationId: 'forgotPassword',
        summary: 'Ask for a mail with a link that sets another password',
        description: 'The answer is the same whether or not there is a user with the address.',
        tags,
        body: ForgotPassword,
        response: { 202: z.object({}) },
      },
    },
    async (request, reply) => {
      const { email } = request.body;
      if (await services.mailLimit.mayMail({ by: addressKey(request.ip), recipient: email }))
        await forgotPassword({ ...services, resetUrl: (token) => pageUrl(services, resetPath, token) }, { email });
      return reply.code(202).send({});
    },
  );

  app.post(
    '/auth/password/reset',
    {
      config: { access: 'public', errors: ['link_invalid'] },
      schema: {
        operationId: 'resetPassword',
        summary: 'Set another password with the token of the mailed link; every session of the user ends',
        tags,
        body: ResetPassword,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const { email } = await resetPassword(services, request.body);
      await services.signInLimit.know(services.knownDevices.from(request, email));
      services.knownDevices.remember(reply, email);
      return reply.code(204).send();
    },
  );

  app.post(
    '/auth/email/change',
    {
      config: { access: 'self:use', errors: ['invalid_credentials', 'rate_limited', 'conflict'] },
      schema: {
        operationId: 'changeEmail',
        summary: 'Ask for another address; it is confirmed by a link that is mailed there',
        tags,
        body: ChangeEmail,
        response: { 202: z.object({}) },
      },
    },
    async (request, reply) => {
      const { principal } = request.actor;
      const from = services.knownDevices.from(request, principal);
      const confirmUrl = (token: string) => pageUrl(services, emailPath, token);
      const mayMail = () => services.mailLimit.mayMail({ by: principal, recipient: request.body.newEmail });
      await services.signInLimit.logIn(from, () =>
        requestEmailChange({ ...services, confirmUrl, mayMail }, request.actor, request.body),
      );
      return reply.code(202).send({});
    },
  );

  app.post(
    '/auth/email/confirm',
    {
      config: { access: 'public', errors: ['link_invalid', 'email_taken'] },
      schema: {
        operationId: 'confirmEmail',
        summary: 'Confirm another address with the token of the mailed link',
        tags,
        body: ConfirmEmail,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await confirmEmailChange(services, request.body.token);
      return reply.code(204).send();
    },
  );
};
