import type { Metrics } from '@vibetribe/observability/metrics';
import type { FastifyInstance } from 'fastify';
import { pathOf } from './allowed-methods.ts';

/** One line and one measurement for each answer. Queries are kept out: they hold tickets, codes and cursors. */
export function logRequests(app: FastifyInstance, metrics: Pick<Metrics, 'observeHttpRequest'>): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    const durationMs = Math.round(reply.elapsedTime * 10) / 10;
    metrics.observeHttpRequest({ method: request.method, route, status: reply.statusCode, durationMs });
    const fields = { method: request.method, path: pathOf(request.url), route, status: reply.statusCode, durationMs };
    if (reply.statusCode >= 500) request.log.warn(fields, 'request answered');
    else request.log.info(fields, 'request answered');
  });
}
