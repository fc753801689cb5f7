import { Publication, ResolvePublication } from '@vibetribe/contracts/post';
import { resolvePublication } from '@vibetribe/core/posts/resolve-publication';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../api-services.ts';

export const publicationRoutes: FastifyPluginAsyncZod<{
  services: Pick<ApiServices, 'db' | 'signals' | 'adapters'>;
}> = async (app, { services }) => {
  app.post(
    '/publications/:id/resolve',
    {
      config: { access: 'posts:write', errors: ['conflict'] },
      schema: {
        operationId: 'resolvePublication',
        summary: 'Decide what only a person can: whether it is out, or whether a late one still goes',
        tags: ['posts'],
        params: z.object({ id: z.string() }),
        body: ResolvePublication,
        response: { 200: Publication },
      },
    },
    async (request) =>
      resolvePublication(services, request.actor, { publicationId: request.params.id, answer: request.body }),
  );
};
