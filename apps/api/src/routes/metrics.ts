import type { FastifyPluginAsync } from 'fastify';
import type { ApiServices } from '../api-services.ts';

export const metricsRoute: FastifyPluginAsync<{ services: Pick<ApiServices, 'metrics'> }> = async (
  app,
  { services },
) => {
  app.get(
    '/metrics',
    {
      config: { access: 'operator' },
      schema: { operationId: 'getMetrics', summary: 'Prometheus metrics', tags: ['health'] },
    },
    async (_request, reply) => {
      const { contentType, text } = await services.metrics.exposition();
      return reply.type(contentType).send(text);
    },
  );
};
