import type { FastifyPluginAsync } from 'fastify';
import type { ApiServices } from '../api-services.ts';

export const healthRoutes: FastifyPluginAsync<{ services: Pick<ApiServices, 'health'> }> = async (
  app,
  { services },
) => {
  app.get(
    '/health',
    {
      config: { access: 'public', isUncounted: true },
      schema: { operationId: 'getHealth', summary: 'Tell whether the service can work', tags: ['health'] },
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
      },
    },
    async (_request, reply) => {
      const { ok, ...parts } = await services.health.detailed();
      return reply.code(ok ? 200 : 503).send({ status: ok ? 'ok' : 'unavailable', ...parts });
    },
  );
};
