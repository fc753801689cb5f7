import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../../api-services.ts';

export const metricsRoute: FastifyPluginAsyncZod<{ services: Pick<ApiServices, 'metrics'> }> = async (
  app,
  { services },
) => {
  app.get(
    '/metrics',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'getMetrics',
        summary: 'Prometheus metrics',
        tags: ['health'],
        produces: ['text/plain'],
        response: { 200: z.string() },
      },
    },
    async (_request, reply) => {
      const { contentType, text } = await services.metrics.exposition();
      return reply.type(contentType).send(text);
    },
  );
};
