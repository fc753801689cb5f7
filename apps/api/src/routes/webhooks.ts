import { pageOf, PageQuery } from '@vibetribe/contracts/page';
import {
  CreatedWebhookAnswer,
  CreateWebhook,
  RotatedWebhookAnswer,
  UpdateWebhook,
  Webhook,
  WebhookDelivery,
} from '@vibetribe/contracts/webhook';
import type { CoreDependencies } from '@vibetribe/core/core-dependencies';
import { listDeliveries, replayDelivery, testWebhook } from '@vibetribe/core/webhooks/deliveries';
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  rotateWebhookSecret,
  updateWebhook,
  type WebhookDependencies,
} from '@vibetribe/core/webhooks/manage-webhooks';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { answerInTransaction } from '../http/idempotency.ts';

type Services = WebhookDependencies & Pick<CoreDependencies, 'signals'>;

const Params = z.object({ id: z.string() });
const DeliveryParams = z.object({ id: z.string(), deliveryId: z.string() });
const Sequence = z.int().positive();
const access = { access: 'webhooks:manage' } as const;
const tags = ['webhooks'];

export const webhookRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.post(
    '/webhooks',
    {
      config: { ...access, idempotent: { secretFields: ['secret'] }, errors: ['quota_exceeded'] },
      schema: {
        operationId: 'createWebhook',
        summary: 'Create a webhook; the answer shows its secret once',
        description: 'Messages follow Standard Webhooks: verify them with one of its libraries and the secret.',
        tags,
        body: CreateWebhook,
        response: { 201: CreatedWebhookAnswer },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return createWebhook(services, request.actor, request.body, answerInTransaction(request, { status: 201 }));
    },
  );

  app.get(
    '/webhooks',
    {
      config: access,
      schema: { operationId: 'listWebhooks', summary: 'List webhooks', tags, response: { 200: pageOf(Webhook) } },
    },
    async (request) => ({ items: await listWebhooks(services, request.actor), nextCursor: null }),
  );

  app.get(
    '/webhooks/:id',
    {
      config: access,
      schema: {
        operationId: 'getWebhook',
        summary: 'Read a webhook',
        tags,
        params: Params,
        response: { 200: Webhook },
      },
    },
    async (request) => getWebhook(services, request.actor, { webhookId: request.params.id }),
  );

  app.put(
    '/webhooks/:id',
    {
      config: access,
      schema: {
        operationId: 'updateWebhook',
        summary: 'Change a webhook, or switch it on or off',
        tags,
        params: Params,
        body: UpdateWebhook,
        response: { 200: Webhook },
      },
    },
    async (request) => updateWebhook(services, request.actor, { webhookId: request.params.id, change: request.body }),
  );

  app.delete(
    '/webhooks/:id',
    {
      config: access,
      schema: {
        operationId: 'deleteWebhook',
        summary: 'Delete a webhook and its deliveries',
        tags,
        params: Params,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await deleteWebhook(services, request.actor, { webhookId: request.params.id });
      return reply.code(204).send();
    },
  );

  app.post(
    '/webhooks/:id/rotate',
    {
      config: { ...access, idempotent: { secretFields: ['secret'] } },
      schema: {
        operationId: 'rotateWebhookSecret',
        summary: 'Give a webhook a new secret; the old one still signs for a day',
        tags,
        params: Params,
        response: { 200: RotatedWebhookAnswer },
      },
    },
    async (request) => rotateWebhookSecret(services, request.actor, { webhookId: request.params.id }),
  );

  app.post(
    '/webhooks/:id/test',
    {
      config: { ...access, idempotent: {}, errors: ['quota_exceeded'] },
      schema: {
        operationId: 'testWebhook',
        summary: 'Send a test message',
        tags,
        params: Params,
        response: { 202: WebhookDelivery },
      },
    },
    async (request, reply) => {
      reply.code(202);
      return testWebhook(services, request.actor, { webhookId: request.params.id });
    },
  );

  app.get(
    '/webhooks/:id/deliveries',
    {
      config: access,
      schema: {
        operationId: 'listWebhookDeliveries',
        summary: 'List what was sent, newest first',
        tags,
        params: Params,
        querystring: PageQuery,
        response: { 200: pageOf(WebhookDelivery) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const beforeSequence = decodeCursor(Sequence, cursor);
      const page = { webhookId: request.params.id, limit, beforeSequence };
      const { items, hasMore } = await listDeliveries(services, request.actor, page);
      const last = items.at(-1);
      return { items, nextCursor: hasMore && last !== undefined ? encodeCursor(last.sequence) : null };
    },
  );

  app.post(
    '/webhooks/:id/deliveries/:deliveryId/replay',
    {
      config: { ...access, idempotent: {} },
      schema: {
        operationId: 'replayWebhookDelivery',
        summary: 'Send a message again, under its id',
        tags,
        params: DeliveryParams,
        response: { 202: WebhookDelivery },
      },
    },
    async (request, reply) => {
      reply.code(202);
      const { id, deliveryId } = request.params;
      return replayDelivery(services, request.actor, { deliveryId, webhookId: id });
    },
  );

  app.post(
    '/webhooks/deliveries/:id/replay',
    {
      config: { ...access, idempotent: {} },
      schema: {
        operationId: 'replayDelivery',
        summary: 'Send a message of any webhook again, under its id',
        tags,
        params: Params,
        response: { 202: WebhookDelivery },
      },
    },
    async (request, reply) => {
      reply.code(202);
      return replayDelivery(services, request.actor, { deliveryId: request.params.id, webhookId: null });
    },
  );
};
