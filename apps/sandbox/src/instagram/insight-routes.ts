import type { FastifyInstance } from 'fastify';
import { noSuchObject } from '../graph/answers.ts';
import { type Insight, viewInsights } from '../graph/insights.ts';
import { parametersOf } from '../graph/request-parameters.ts';
import { versionPath } from '../graph/versions.ts';
import type { SiteContext } from '../site.ts';
import type { PostNumbers } from '../state/audience.ts';
import { insightsLateMs, storyLifeMs } from './limits.ts';
import type { InstagramParts } from './parts.ts';
import type { MediaFacts } from './posts.ts';

/** Numbers of media. https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights */
export function insightRoutes(app: FastifyInstance, { sandbox, site }: SiteContext, parts: InstagramParts): void {
  const { admission, posts, comments } = parts;

  app.get<{ Params: { id: string } }>(`${versionPath}/:id(^[0-9_]+$)/insights`, (request, reply) => {
    const { id } = request.params;
    const post = sandbox.posts.get(site, id);
    const kind = posts.factsOf(id)?.kind;
    if (post === undefined || kind === undefined) throw noSuchObject(id);
    admission.account(request, reply, post.account, 'manage_insights');
    const isOver = kind === 'story' && post.receivedTickMs <= sandbox.clock.nowMs() - storyLifeMs;
    if (isOver) throw noSuchObject(id);
    const numbers = sandbox.audience.ofPost(post, insightsLateMs);
    const withOurs = { ...numbers, comments: numbers.comments + comments.below(id, 0).length };
    const isCounted = sandbox.audience.isCounted(post, insightsLateMs);
    return viewInsights(id, parametersOf(request), insightsOf(kind, withOurs), isCounted);
  });
}

/** Names differ from kind to kind of media. */
function insightsOf(kind: MediaFacts['kind'], numbers: PostNumbers): Insight[] {
  const { likes, comments, shares, views, reach, saves } = numbers;
  const everywhere = { views, reach, shares, total_interactions: likes + comments + shares + saves };
  const ofPosts = { likes, comments, saved: saves, reposts: 0 };
  const ofReels = { ig_reels_avg_watch_time: 4_000, ig_reels_video_view_total_time: 4_000 * views, reels_skip_rate: 0 };
  const ofStories = { replies: comments, navigation: views, follows: 0, profile_visits: 0, profile_activity: 0 };
  const own = kind === 'story' ? ofStories : kind === 'reel' ? { ...ofPosts, ...ofReels } : ofPosts;
  return Object.entries({ ...everywhere, ...own }).map(([name, value]) => ({ name, value, period: 'lifetime' }));
}
