import type { FastifyInstance } from 'fastify';
import { noSuchObject } from '../graph/answers.ts';
import { type Insight, viewInsights } from '../graph/insights.ts';
import { parametersOf } from '../graph/request-parameters.ts';
import { versionPath } from '../graph/versions.ts';
import type { SiteContext } from '../site.ts';
import { insightsLateMs } from './limits.ts';
import type { FacebookParts } from './parts.ts';

/** Numbers of posts. https://developers.facebook.com/docs/graph-api/reference/insights */
export function insightRoutes(
  app: FastifyInstance,
  { sandbox, site }: SiteContext,
  { admission }: FacebookParts,
): void {
  app.get<{ Params: { id: string } }>(`${versionPath}/:id(^[0-9_]+$)/insights`, (request, reply) => {
    const { id } = request.params;
    const post = sandbox.posts.get(site, id);
    if (post === undefined) throw noSuchObject(id);
    admission.page(request, reply, post.account, ['read_insights', 'pages_read_engagement']);
    const numbers = sandbox.audience.ofPost(post, insightsLateMs);
    const lifetime = (name: string, value: number): Insight => ({ name, value, period: 'lifetime' });
    const known = [
      lifetime('post_media_view', numbers.views),
      lifetime('post_total_media_view_unique', numbers.reach),
      lifetime('post_clicks', numbers.clicks),
    ];
    return viewInsights(id, parametersOf(request), known, sandbox.audience.isCounted(post, insightsLateMs));
  });
}
