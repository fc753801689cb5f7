import {
  Account,
  AccountSelection,
  CompleteConnect,
  Connected,
  ConnectManually,
  ConnectStarted,
  SelectAccounts,
  SelectedAccounts,
  StartConnect,
} from '@vibetribe/contracts/account';
import { Organization } from '@vibetribe/contracts/auth';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import { completeConnect } from '@vibetribe/core/accounts/connect/complete-connect';
import { connectManually } from '@vibetribe/core/accounts/connect/connect-manually';
import { describeClient } from '@vibetribe/core/accounts/connect/described-client';
import { finishConnect } from '@vibetribe/core/accounts/connect/finish-connect';
import { getSelection, selectAccounts } from '@vibetribe/core/accounts/connect/select-accounts';
import { startConnect } from '@vibetribe/core/accounts/connect/start-connect';
import { notFound } from '@vibetribe/core/domain-error';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';
import { consentPage } from '../../http/consent-page.ts';
import { isFromBrowser } from '../../http/from-browser.ts';
import { pagePolicy } from '../../http/page.ts';

const tags = ['accounts'];
const SelectionParams = z.object({ id: z.string() });
export const confirmPath = '/accounts/connect/confirm';

/** What consent pages send back, in the terms of RFC 6749 and 9207; whatever else they add is left out. */
const CallbackQuery = z.object({
  state: z.string().max(200).optional(),
  code: z.string().max(4096).optional(),
  error: z.string().max(200).optional(),
  iss: z.string().max(2048).optional(),
});

/** What came of a consent, and whose organization it is. A browser gets a page, for whoever sits before it. */
const CallbackAnswer = z.union([
  z.string(),
  z.object({ account: Account, organization: Organization }),
  z.object({ selectionId: z.string(), organization: Organization }),
]);

const ClientDescription = z.looseObject({
  client_id: z.string(),
  redirect_uris: z.array(z.string()),
  scope: z.string(),
});

/** How accounts are connected: through a platform's consent page, or with credentials. */
export const connectRoutes: FastifyPluginAsyncZod<{ services: ApiServices }> = async (app, { services }) => {
  app.post(
    '/accounts/connect',
    {
      config: { access: 'accounts:manage', errors: ['platform_rejected', 'platform_unavailable'] },
      schema: {
        operationId: 'startConnect',
        summary: 'Begin to connect an account through the platform’s consent page',
        tags,
        body: StartConnect,
        response: { 200: ConnectStarted },
      },
    },
    async (request) => startConnect(services, request.actor, request.body),
  );

  app.get(
    '/accounts/callback/:platform',
    {
      config: {
        access: 'public',
        writes: true,
        errors: ['oauth_state_invalid', 'platform_rejected', 'platform_unavailable', 'forbidden'],
      },
      schema: {
        operationId: 'finishConnect',
        summary: 'Where the consent page sends the browser back to',
        description:
          'With `redirectTo` it ends there with a `connectCode` or an `error`. Without it a browser gets a page that asks for confirmation, a program the account.',
        tags,
        params: z.object({ platform: z.string() }),
        querystring: CallbackQuery,
        produces: ['application/json', 'text/html'],
        response: { 200: CallbackAnswer, 302: z.undefined() },
      },
    },
    async (request, reply) => {
      const platform = PlatformId.safeParse(request.params.platform);
      if (!platform.success) throw notFound('platform');
      reply.header('cache-control', 'no-store');
      const input = { platform: platform.data, isBrowser: isFromBrowser(request), ...request.query };
      const answer = await finishConnect(services, input);
      switch (answer.kind) {
        case 'redirect':
          return reply.redirect(answer.url, 302);
        case 'question': {
          const html = consentPage(answer.question, { action: `/api/v1${confirmPath}` });
          return reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8').send(html);
        }
        case 'account':
          return { account: answer.account, organization: answer.organization };
        case 'selection':
          return { selectionId: answer.selectionId, organization: answer.organization };
      }
    },
  );

  app.get(
    '/accounts/clients/:platform',
    {
      config: { access: 'public', errors: ['platform_rejected'] },
      schema: {
        operationId: 'describeClient',
        summary: 'What servers of a platform read about this installation before a consent',
        description:
          'A client metadata document: addresses, scopes and public keys. Its own address is the `client_id`.',
        tags,
        params: z.object({ platform: z.string() }),
        response: { 200: ClientDescription },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'public, max-age=300');
      return describeClient(services, { platformId: request.params.platform });
    },
  );

  app.post(
    '/accounts/connect/complete',
    {
      config: { access: 'accounts:manage', idempotent: {}, errors: ['oauth_state_invalid'] },
      schema: {
        operationId: 'completeConnect',
        summary: 'Hand in the code that the browser brought back',
        description: 'Only the principal that began may, once and within 10 minutes. Until then nothing is connected.',
        tags,
        body: CompleteConnect,
        response: { 200: Connected },
      },
    },
    async (request) => completeConnect(services, request.actor, request.body),
  );

  app.get(
    '/accounts/selections/:id',
    {
      config: { access: 'accounts:manage' },
      schema: {
        operationId: 'getSelection',
        summary: 'Read what a grant opens, to choose from',
        tags,
        params: SelectionParams,
        response: { 200: AccountSelection },
      },
    },
    async (request) => getSelection(services, request.actor, { selectionId: request.params.id }),
  );

  app.post(
    '/accounts/selections/:id',
    {
      config: { access: 'accounts:manage', idempotent: {}, errors: ['oauth_state_invalid'] },
      schema: {
        operationId: 'selectAccounts',
        summary: 'Connect the chosen accounts of a grant',
        tags,
        params: SelectionParams,
        body: SelectAccounts,
        response: { 200: SelectedAccounts },
      },
    },
    async (request) => selectAccounts(services, request.actor, { selectionId: request.params.id, ...request.body }),
  );

  app.post(
    '/accounts/manual',
    {
      config: { access: 'accounts:manage', idempotent: {}, errors: ['platform_rejected', 'platform_unavailable'] },
      schema: {
        operationId: 'connectManually',
        summary: 'Connect an account with credentials',
        tags,
        body: ConnectManually,
        response: { 201: Account },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return connectManually(services, request.actor, request.body);
    },
  );
};
