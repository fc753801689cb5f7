import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import { invalid, refuse } from './answers.ts';
import { parse } from './board-routes.ts';
import { analyticsLateMs } from './limits.ts';
import type { PinterestParts } from './parts.ts';

const dayMs = 86_400_000;
const daysMax = 90;

/** https://developers.pinterest.com/docs/api/v5/pins-analytics */
export function analyticsRoutes(
  app: FastifyInstance,
  { sandbox }: SiteContext,
  { admit, owners, pins }: PinterestParts,
): void {
  app.get<{ Params: { id: string } }>('/v5/pins/:id/analytics', (request, reply) => {
    const { owner } = admit(request, reply, { scopes: ['boards:read', 'pins:read'], category: 'org_analytics' });
    const { start_date: start, end_date: end, metric_types: types } = parse(AnalyticsQuery, request.query);
    const todayMs = Date.parse(new Date(sandbox.clock.wallMs()).toISOString().slice(0, 10));
    if (Date.parse(start) < todayMs - daysMax * dayMs) throw invalid('start_date: at most 90 days back');
    if (Date.parse(end) < Date.parse(start)) throw invalid('end_date: must not be before start_date');
    const post = pins.get(request.params.id);
    if (post === undefined || !owners.boardsOf(owner).some(({ id }) => id === post.account))
      throw refuse(404, 50, 'Pin not found.');
    const { likes, comments, shares, views, saves, clicks } = sandbox.audience.ofPost(post, analyticsLateMs);
    const sums = { IMPRESSION: views, SAVE: saves + shares, PIN_CLICK: clicks, OUTBOUND_CLICK: Math.floor(clicks / 2) };
    const lifetime = { TOTAL_COMMENTS: comments, TOTAL_REACTIONS: likes };
    const isCounted = sandbox.audience.isCounted(post, analyticsLateMs);
    const asked = (numbers: Readonly<Record<string, number>>) =>
      Object.fromEntries(Object.entries(numbers).filter(([name]) => isCounted && types.includes(name)));
    return { all: { daily_metrics: [], summary_metrics: asked(sums), lifetime_metrics: asked(lifetime) } };
  });
}

const knownTypes = ['IMPRESSION', 'SAVE', 'PIN_CLICK', 'OUTBOUND_CLICK', 'TOTAL_COMMENTS', 'TOTAL_REACTIONS'];
const AnalyticsQuery = z.strictObject({
  start_date: z.iso.date(),
  end_date: z.iso.date(),
  metric_types: z
    .string()
    .transform((list) => list.split(','))
    .refine((types) => types.every((type) => knownTypes.includes(type)), 'is not known'),
  app_types: z.enum(['ALL', 'MOBILE', 'TABLET', 'WEB']).optional(),
  split_field: z.enum(['NO_SPLIT', 'APP_TYPE']).optional(),
});
