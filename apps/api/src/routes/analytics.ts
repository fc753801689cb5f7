import { AccountMetrics, AnalyticsSummary, BestTimes, PostMetrics, SummaryGroup } from '@vibetribe/contracts/analytics';
import { GivenTime } from '@vibetribe/contracts/given-time';
import { MetricName } from '@vibetribe/contracts/metric';
import { NamedTimezone } from '@vibetribe/contracts/timezone';
import { getAccountMetrics } from '@vibetribe/core/analytics/get-account-metrics';
import { getBestTimes } from '@vibetribe/core/analytics/get-best-times';
import { getPostMetrics } from '@vibetribe/core/analytics/get-post-metrics';
import { getSummary } from '@vibetribe/core/analytics/get-summary';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiServices } from '../api-services.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';

const tags = ['analytics'];
const IdParams = z.object({ id: z.string() });
const ZoneOfDays = NamedTimezone.default('UTC');

const Period = { from: GivenTime.optional(), to: GivenTime.optional() };
const AccountQuery = z.object({
  ...Period,
  limit: z.coerce.number().int().min(1).max(1_000).default(500),
  cursor: z.string().max(500).optional(),
});
const Cursor = z.object({ capturedAtMicros: z.string().regex(/^\d{1,16}$/), metric: MetricName });
const SummaryQuery = z.object({
  ...Period,
  groupBy: SummaryGroup.optional(),
  accountId: z.string().max(100).optional(),
  timezone: ZoneOfDays,
});
const BestTimesQuery = z.object({ accountId: z.string().max(100).optional(), timezone: ZoneOfDays });

export const analyticsRoutes: FastifyPluginAsyncZod<{
  services: Pick<ApiServices, 'db' | 'adapters' | 'metricsMonthlyUsd' | 'clock'>;
}> = async (app, { services }) => {
  app.get(
    '/posts/:id/metrics',
    {
      config: { access: 'posts:read' },
      schema: {
        operationId: 'getPostMetrics',
        summary: 'Read a post’s numbers as its platforms gave them last',
        tags,
        params: IdParams,
        response: { 200: PostMetrics },
      },
    },
    async (request) => getPostMetrics(services, request.actor, { postId: request.params.id }),
  );

  app.get(
    '/accounts/:id/metrics',
    {
      config: { access: 'accounts:read' },
      schema: {
        operationId: 'getAccountMetrics',
        summary: 'Read how an account’s followers and its other own numbers went',
        tags,
        params: IdParams,
        querystring: AccountQuery,
        response: { 200: AccountMetrics },
      },
    },
    async (request) => {
      const { cursor, ...query } = request.query;
      const after = decodeCursor(Cursor, cursor);
      const { next, ...found } = await getAccountMetrics(services, request.actor, {
        ...query,
        accountId: request.params.id,
        after,
      });
      return { ...found, nextCursor: next === null ? null : encodeCursor(next) };
    },
  );

  app.get(
    '/analytics/summary',
    {
      config: { access: 'analytics:read', errors: ['not_found'] },
      schema: {
        operationId: 'getAnalyticsSummary',
        summary: 'Sum up the posts of a period beside those of the period before',
        tags,
        querystring: SummaryQuery,
        response: { 200: AnalyticsSummary },
      },
    },
    async (request) => getSummary(services, request.actor, request.query),
  );

  app.get(
    '/analytics/best-times',
    {
      config: { access: 'analytics:read', errors: ['not_found'] },
      schema: {
        operationId: 'getBestTimes',
        summary: 'Tell at which hours posts did best, and on how many posts that rests',
        tags,
        querystring: BestTimesQuery,
        response: { 200: BestTimes },
      },
    },
    async (request) => getBestTimes(services, request.actor, request.query),
  );
};
