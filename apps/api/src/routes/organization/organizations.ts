import { OrganizationMembership } from '@vibetribe/contracts/auth';
import { pageOf } from '@vibetribe/contracts/page';
import { listOrganizations } from '@vibetribe/core/identity/list-organizations';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiServices } from '../../api-services.ts';

export const organizationRoutes: FastifyPluginAsyncZod<{ services: Pick<ApiServices, 'db'> }> = async (
  app,
  { services },
) => {
  app.get(
    '/organizations',
    {
      config: { access: 'organization:read' },
      schema: {
        operationId: 'listOrganizations',
        summary: 'List the organizations of the user',
        tags: ['organizations'],
        response: { 200: pageOf(OrganizationMembership) },
      },
    },
    async (request) => ({ items: await listOrganizations(services, request.actor), nextCursor: null }),
  );
};
