import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { refuse } from '../google/answers.ts';
import type { SiteContext } from '../site.ts';
import type { PostNumbers } from '../state/audience.ts';
import { analyticsLateMs, queriesByApp } from './limits.ts';
import type { YouTubeParts } from './parts.ts';
import { parseQuery } from './upload-routes.ts';

const secondsWatched = 42;

/** What is told of a video, under YouTube's names. https://developers.google.com/youtube/analytics/metrics */
const metricsOf: Readonly<Record<string, (numbers: PostNumbers) => number>> = {
  views: ({ views }) => views,
  engagedViews: ({ reach }) => reach,
  likes: ({ likes }) => likes,
  comments: ({ comments }) => comments,
  shares: ({ shares }) => shares,
  subscribersGained: ({ likes }) => Math.floor(likes / 10),
  estimatedMinutesWatched: ({ views }) => Math.floor((views * secondsWatched) / 60),
  averageViewDuration: () => secondsWatched,
};

/** Reports by video: https://developers.google.com/youtube/analytics/reference/reports/query */
export function analyticsRoutes(
  app: FastifyInstance,
  { sandbox, site }: SiteContext,
  { admission }: YouTubeParts,
): void {
  app.get('/v2/reports', (request) => {
    const { ids, metrics, filters, dimensions } = parseQuery(ReportQuery, request.query);
    const { opened } = admission.caller(request, ['analytics'], { of: queriesByApp });
    const own = ids === 'channel==MINE' ? opened[0] : opened.find(({ id }) => ids === `channel==${id}`);
    if (own === undefined) throw refuse({ code: 403, message: 'Forbidden', reason: 'forbidden' });
    const unknown = metrics.find((name) => !Object.hasOwn(metricsOf, name));
    if (unknown !== undefined) throw badQuery(`Unknown identifier (${unknown}) given in field parameters.metrics.`);
    const rows = filters.flatMap((id) => {
      const post = sandbox.posts.get(site, id);
      if (post === undefined || post.account !== own.id || !sandbox.audience.isCounted(post, analyticsLateMs))
        return [];
      const numbers = sandbox.audience.ofPost(post, analyticsLateMs);
      return [[id, ...metrics.map((name) => metricsOf[name]?.(numbers) ?? 0)]];
    });
    const headers = [dimensions, ...metrics].map((name, at) => ({
      name,
      columnType: at === 0 ? 'DIMENSION' : 'METRIC',
      dataType: at === 0 ? 'STRING' : 'INTEGER',
    }));
    return { kind: 'youtubeAnalytics#resultTable', columnHeaders: headers, rows };
  });
}

function badQuery(message: string) {
  return refuse({ code: 400, message, reason: 'badRequest' });
}

const day = z.iso.date();
const ReportQuery = z.strictObject({
  ids: z.string(),
  startDate: day,
  endDate: day,
  metrics: z
    .string()
    .min(1)
    .transform((list) => list.split(',')),
  dimensions: z.literal('video'),
  filters: z
    .string()
    .regex(/^video==/u)
    .transform((list) => list.slice('video=='.length).split(',')),
  /** A report by video needs both. */
  sort: z.string().min(1),
  maxResults: z.coerce.number().int().min(1).max(200),
});
