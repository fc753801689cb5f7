import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Site, SiteContext } from '../site.ts';
import type { Post } from '../state/posts.ts';
import { answer, invalidParameter } from './answers.ts';
import { parse } from './init-body.ts';
import type { TikTokParts } from './parts.ts';
import { listedPosts } from '../state/listed-posts.ts';

const Fields = z.object({ fields: z.string().min(1) });
const Query = z.strictObject({ filters: z.strictObject({ video_ids: z.array(z.string()).min(1).max(20) }) });
const List = z.strictObject({ cursor: z.int().optional(), max_count: z.int().min(1).max(20).default(10) });

/** https://developers.tiktok.com/doc/tiktok-api-v2-get-user-info and …/tiktok-api-v2-video-list */
export function userRoutes(
  app: FastifyInstance,
  site: Site,
  context: SiteContext,
  { admit, posts }: TikTokParts,
): void {
  const { sandbox } = context;
  app.get('/v2/user/info/', (request) => {
    const names = parse(Fields, request.query).fields.split(',');
    const asksNumbers = names.some((name) => name.endsWith('_count'));
    const { account } = admit(request, { scope: asksNumbers ? 'user.info.stats' : 'user.info.basic', call: 'list' });
    const known = {
      follower_count: sandbox.audience.followers(account),
      following_count: 0,
      likes_count: sandbox.audience.ofAccount(account).likes,
      video_count: sandbox.posts.ofAccount(site.id, account.id).length,
      open_id: account.id,
      union_id: account.id,
      avatar_url: 'https://p16.tiktokcdn.com/none.webp',
      display_name: account.displayName,
    };
    return answer({ user: chosen(known, request.query) });
  });

  /** What everybody may see, newest first. */
  app.post('/v2/video/list/', { config: { listing: true } }, (request) => {
    const { account } = admit(request, { scope: 'video.list', call: 'list' });
    const { cursor, max_count: count } = parse(List, request.body ?? {});
    const shown = listedPosts(context, request, account.id)
      .filter((post) => posts.factsOf(post.id)?.privacy === 'PUBLIC_TO_EVERYONE')
      .filter((post) => cursor === undefined || Date.parse(post.createdAt) < cursor);
    const page = shown.slice(0, count);
    const last = page.at(-1);
    return answer({
      videos: page.map((post) => chosen(view(post), request.query)),
      cursor: last === undefined ? (cursor ?? 0) : Date.parse(last.createdAt),
      has_more: shown.length > page.length,
    });
  });

  /** What is not there, somebody else's or not for everybody is left out. */
  app.post('/v2/video/query/', (request) => {
    const { account } = admit(request, { scope: 'video.list', call: 'list' });
    const { filters } = parse(Query, request.body ?? {});
    const shown = filters.video_ids.flatMap((id) => {
      const post = sandbox.posts.get(site.id, id);
      const isShown = post?.account === account.id && posts.factsOf(id)?.privacy === 'PUBLIC_TO_EVERYONE';
      return isShown ? [post] : [];
    });
    return answer({ videos: shown.map((post) => chosen(view(post), request.query)) });
  });

  function view(post: Post) {
    const { likes, comments, shares, views } = sandbox.audience.ofPost(post);
    const { id, text, createdAt } = post;
    const title = posts.factsOf(id)?.title ?? '';
    return {
      id,
      title: title === '' ? text : title,
      video_description: text,
      create_time: Math.floor(Date.parse(createdAt) / 1_000),
      share_url: site.postUrl(post),
      like_count: likes,
      comment_count: comments,
      share_count: shares,
      view_count: views,
    };
  }
}

/** @throws {RefusalError} 400 */
function chosen(known: Readonly<Record<string, unknown>>, query: unknown) {
  const names = parse(Fields, query).fields.split(',');
  const unknown = names.find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) throw invalidParameter(`Field ${unknown.slice(0, 50)} is invalid`);
  return Object.fromEntries(names.map((name) => [name, known[name]]));
}
