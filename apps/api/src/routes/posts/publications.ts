import { EditPublication, Publication, ResolvePublication } from '@vibetribe/contracts/post';
import { editPublication } from '@vibetribe/core/posts/published/edit-publication';
import { removePublication } from '@vibetribe/core/posts/published/remove-publication';
import { resolvePublication } from '@vibetribe/core/posts/published/resolve-publication';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';

export const publicationRoutes: FastifyPluginAsyncZod<{
  services: Pick<ApiServices, 'adapters' | 'db' | 'keyRing' | 'logger' | 'signals'>;
}> = async (app, { services }) => {
  app.post(
    '/publications/:id/resolve',
    {
      config: { access: 'posts:write', idempotent: {}, errors: ['conflict'] },
      schema: {
        operationId: 'resolvePublication',
        summary: 'Decide what only a person can: whether it is out, or whether a late one still goes',
        description:
          'Of what a pause holds back `published` is taken too: after a database went back in time it may be out without being known. Of a thread it settles the part that is next.',
        tags: ['posts'],
        params: z.object({ id: z.string() }),
        body: ResolvePublication,
        response: { 200: Publication },
      },
    },
    async (request) =>
      resolvePublication(services, request.actor, { publicationId: request.params.id, answer: request.body }),
  );

  const removal = {
    tags: ['posts'],
    params: z.object({ id: z.string() }),
    response: { 202: Publication },
  };
  const refusals = ['not_supported_by_platform', 'already_publishing', 'conflict'] as const;

  app.post(
    '/publications/:id/remove',
    {
      config: { access: 'posts:write', idempotent: {}, errors: refusals },
      schema: {
        ...removal,
        operationId: 'removePublication',
        summary: 'Take what was published off its platform',
      },
    },
    async (request, reply) => {
      reply.code(202);
      return removePublication(services, request.actor, { publicationId: request.params.id });
    },
  );

  app.delete(
    '/publications/:id/remote',
    {
      config: { access: 'posts:write', errors: refusals },
      schema: {
        ...removal,
        operationId: 'deleteRemotePublication',
        summary: 'The same as POST /publications/{id}/remove',
      },
    },
    async (request, reply) => {
      reply.code(202);
      return removePublication(services, request.actor, { publicationId: request.params.id });
    },
  );

  app.put(
    '/publications/:id/content',
    {
      config: { access: 'posts:write', errors: refusals },
      schema: {
        operationId: 'editPublication',
        summary: 'Replace the text of what was published, where it stands',
        tags: ['posts'],
        params: z.object({ id: z.string() }),
        body: EditPublication,
        response: { 202: Publication },
      },
    },
    async (request, reply) => {
      reply.code(202);
      return editPublication(services, request.actor, { publicationId: request.params.id, edit: request.body });
    },
  );
};
