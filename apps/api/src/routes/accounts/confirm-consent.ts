import { confirmConsent } from '@vibetribe/core/accounts/consents/confirm-consent';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';
import { consentEndPage } from '../../http/consent-page.ts';
import { pagePolicy } from '../../http/page.ts';
import { confirmPath } from './connect.ts';

const formType = 'application/x-www-form-urlencoded';
const formBytesMax = 256 * 1024;

/** The page's form: each account chosen is a field of its own. */
const ConfirmForm = z.object({
  code: z.string().min(1).max(200),
  answer: z.enum(['connect', 'decline']),
  account: z.array(z.string().max(200)).max(1_000),
});

/** Where the consent page's form goes. In a scope of its own: nowhere else is a form a body. */
export const confirmConsentRoute: FastifyPluginAsyncZod<{ services: ApiServices }> = async (app, { services }) => {
  app.addContentTypeParser<string>(
    formType,
    { parseAs: 'string', bodyLimit: formBytesMax },
    async (_request: unknown, body: string) => {
      const fields = new URLSearchParams(body);
      return { code: fields.get('code'), answer: fields.get('answer'), account: fields.getAll('account') };
    },
  );

  app.post(
    confirmPath,
    {
      config: { access: 'public', errors: ['oauth_state_invalid', 'forbidden'] },
      schema: {
        operationId: 'confirmConsent',
        summary: 'Answer the page that asks whether a consent was meant',
        tags: ['accounts'],
        consumes: [formType],
        produces: ['text/html'],
        body: ConfirmForm,
        response: { 200: z.string() },
      },
    },
    async (request, reply) => {
      const { code, answer, account } = request.body;
      const externalIds = answer === 'connect' ? account : [];
      const ended = await confirmConsent(services, { code, externalIds });
      return reply
        .header('content-security-policy', pagePolicy)
        .type('text/html; charset=utf-8')
        .send(consentEndPage(ended));
    },
  );
};
