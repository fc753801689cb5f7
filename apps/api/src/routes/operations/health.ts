import { DetailedHealth, Health } from '@vibetribe/contracts/health';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ApiServices } from '../../api-services.ts';

export const healthRoutes: FastifyPluginAsyncZod<{ services: Pick<ApiServices, 'health'> }> = async (
  app,
  { services },
) => {
  app.get(
    '/health',
    {
      config: { access: 'public', isUncounted: true },
      schema: {
        operationId: 'getHealth',
        summary: 'Tell whether the service can work',
        tags: ['health'],
        response: { 200: Health, 503: Health },
      },
    },
    async (_request, reply) => {
      const { ok } = await services.health.basic();
      return reply.code(ok ? 200 : 503).send({ status: ok ? 'ok' : 'unavailable' });
    },
  );

  app.get(
    '/health/detailed',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'getDetailedHealth',
        summary: 'Tell the state of each dependency, queue and breaker',
        tags: ['health'],
        response: { 200: DetailedHealth, 503: DetailedHealth },
      },
    },
    async (_request, reply) => {
      const { ok, ...parts } = await services.health.detailed();
      return reply.code(ok ? 200 : 503).send({ status: ok ? 'ok' : 'unavailable', ...parts });
    },
  );
};
