import { ApiKey, CreateApiKey, CreatedApiKeyAnswer } from '@vibetribe/contracts/auth';
import { pageOf, PageQuery } from '@vibetribe/contracts/page';
import { createApiKey } from '@vibetribe/core/identity/create-api-key';
import type { IdentityDependencies } from '@vibetribe/core/identity/identity-dependencies';
import { listApiKeys } from '@vibetribe/core/identity/list-api-keys';
import { revokeApiKey } from '@vibetribe/core/identity/revoke-api-key';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { decodeCursor, encodeCursor, CursorId } from '../../http/cursor.ts';
import { answerInTransaction } from '../../http/idempotency.ts';

type Services = Pick<IdentityDependencies, 'db' | 'revocations'>;

export const apiKeyRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.post(
    '/api-keys',
    {
      config: {
        access: 'keys:manage',
        idempotent: { secretFields: ['key'] },
        errors: ['validation_failed', 'quota_exceeded'],
      },
      schema: {
        operationId: 'createApiKey',
        summary: 'Create an API key; the answer shows it once',
        tags: ['api-keys'],
        body: CreateApiKey,
        response: { 201: CreatedApiKeyAnswer },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return createApiKey(services, request.actor, request.body, answerInTransaction(request, { status: 201 }));
    },
  );

  app.get(
    '/api-keys',
    {
      config: { access: 'keys:manage' },
      schema: {
        operationId: 'listApiKeys',
        summary: 'List API keys',
        tags: ['api-keys'],
        querystring: PageQuery,
        response: { 200: pageOf(ApiKey) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const { items, hasMore } = await listApiKeys(services, request.actor, {
        limit,
        afterId: decodeCursor(CursorId, cursor),
      });
      const last = items.at(-1);
      return { items, nextCursor: hasMore && last !== undefined ? encodeCursor(last.id) : null };
    },
  );

  app.delete(
    '/api-keys/:id',
    {
      config: { access: 'keys:manage' },
      schema: {
        operationId: 'revokeApiKey',
        summary: 'Revoke an API key',
        tags: ['api-keys'],
        params: z.object({ id: z.string() }),
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await revokeApiKey(services, request.actor, { keyId: request.params.id });
      return reply.code(204).send();
    },
  );
};
