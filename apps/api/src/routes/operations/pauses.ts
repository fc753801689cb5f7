import { pageOf, PageQuery } from '@vibetribe/contracts/page';
import { CreatePause, Pause, PausedPublication } from '@vibetribe/contracts/pause';
import type { CoreDependencies } from '@vibetribe/core/core-dependencies';
import { createPause } from '@vibetribe/core/pauses/create-pause';
import { liftPause } from '@vibetribe/core/pauses/lift-pause';
import { listPauses } from '@vibetribe/core/pauses/list-pauses';
import { previewPause } from '@vibetribe/core/pauses/preview-pause';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { decodeCursor, encodeCursor, CursorId } from '../../http/cursor.ts';

type Services = Pick<CoreDependencies, 'db' | 'signals' | 'failpoints'>;

const Params = z.object({ id: z.string() });

export const pauseRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (app, { services }) => {
  app.post(
    '/pauses',
    {
      config: { access: 'accounts:manage', idempotent: {}, errors: ['not_found', 'quota_exceeded'] },
      schema: {
        operationId: 'createPause',
        summary: 'Pause an account, the organization or the service',
        tags: ['pauses'],
        body: CreatePause,
        response: { 201: Pause },
      },
    },
    async (request, reply) => {
      reply.code(201);
      return createPause(services, request.actor, request.body);
    },
  );

  app.get(
    '/pauses',
    {
      config: { access: 'accounts:read' },
      schema: {
        operationId: 'listPauses',
        summary: 'List pauses in force',
        tags: ['pauses'],
        response: { 200: pageOf(Pause) },
      },
    },
    async (request) => ({ items: await listPauses(services, request.actor), nextCursor: null }),
  );

  app.get(
    '/pauses/:id/preview',
    {
      config: { access: 'accounts:read' },
      schema: {
        operationId: 'previewPause',
        summary: 'List what goes out when the pause is lifted',
        tags: ['pauses'],
        params: Params,
        querystring: PageQuery,
        response: { 200: pageOf(PausedPublication) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const { items, hasMore } = await previewPause(services, request.actor, {
        id: request.params.id,
        limit,
        afterId: decodeCursor(CursorId, cursor),
      });
      const last = items.at(-1);
      return { items, nextCursor: hasMore && last !== undefined ? encodeCursor(last.publicationId) : null };
    },
  );

  app.delete(
    '/pauses/:id',
    {
      config: { access: 'accounts:manage' },
      schema: {
        operationId: 'liftPause',
        summary: 'Lift a pause',
        tags: ['pauses'],
        params: Params,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      await liftPause(services, request.actor, { pauseId: request.params.id });
      return reply.code(204).send();
    },
  );
};
