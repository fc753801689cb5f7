import type { FastifyInstance } from 'fastify';
import { noSuchObject } from '../graph/answers.ts';
import { type Insight, viewInsights } from '../graph/insights.ts';
import { parametersOf } from '../graph/request-parameters.ts';
import type { SiteContext } from '../site.ts';
import type { ThreadsParts } from './parts.ts';

/** Numbers of posts and profiles. https://developers.facebook.com/docs/threads/insights */
export function insightRoutes(app: FastifyInstance, { sandbox, site }: SiteContext, { admission }: ThreadsParts): void {
  const { audience } = sandbox;

  app.get<{ Params: { id: string } }>('/v1.0/:id/insights', (request, reply) => {
    const { id } = request.params;
    const { account } = admission.own(request, reply, 'threads_manage_insights');
    const post = sandbox.posts.get(site, id);
    if (post === undefined || post.account !== account.id) throw noSuchObject(id);
    const { views, likes, comments, shares } = audience.ofPost(post);
    const numbers = { views, likes, replies: comments, reposts: shares, quotes: 0, shares: 0 };
    const known = Object.entries(numbers).map(([name, value]): Insight => ({ name, value, period: 'lifetime' }));
    return viewInsights(id, parametersOf(request), known, true);
  });

  app.get<{ Params: { id: string } }>('/v1.0/:id/threads_insights', (request, reply) => {
    const { account } = admission.named(request, reply, request.params.id, 'threads_manage_insights');
    const { views, likes, comments, shares } = audience.ofAccount(account);
    const totals = {
      likes,
      replies: comments,
      reposts: shares,
      quotes: 0,
      followers_count: audience.followers(account),
    };
    const known: Insight[] = [
      { name: 'views', value: views, period: 'day' },
      ...Object.entries(totals).map(([name, value]) => ({ name, value, period: 'day', in: 'total_value' as const })),
    ];
    return viewInsights(account.id, parametersOf(request), known, true);
  });
}
