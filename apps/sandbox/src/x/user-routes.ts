import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SiteContext } from '../site.ts';
import type { Post } from '../state/posts.ts';
import { compareIds } from '../state/snowflake.ts';
import { admit } from './admit.ts';
import { resourceNotFound } from './answers.ts';
import { includesOf, userView } from './includes.ts';
import { tweetLimits } from './limits.ts';
import { fieldParameters, parseQuery, refuseUnknown } from './tweet-routes.ts';
import { tweetView, TweetFieldsQuery, UserFieldsQuery } from './tweet-view.ts';
import type { Tweets } from './tweets.ts';

export function userRoutes(app: FastifyInstance, context: SiteContext, tweets: Tweets): void {
  const { site, sandbox } = context;

  app.get('/2/users/me', (request, reply) => {
    const { account } = admit(context, request, reply, { scopes: ['users.read'], limit: tweetLimits.me });
    refuseUnknown(request.query, Object.keys(UserFieldsQuery.shape));
    const query = parseQuery(UserFieldsQuery, request.query);
    const names = query['post.fields'].size > 0 ? 'post' : 'tweet';
    return { data: userView(context, account, query['user.fields'], names) };
  });

  app.get<{ Params: { id: string } }>('/2/users/:id/tweets', { config: { listing: true } }, (request, reply) => {
    const reader = admit(context, request, reply, {
      scopes: ['tweet.read', 'users.read'],
      limit: tweetLimits.userTweets,
    });
    refuseUnknown(request.query, [...Object.keys(TimelineQuery.shape), ...fieldParameters]);
    const choice = parseQuery(TweetFieldsQuery, request.query);
    const query = parseQuery(TimelineQuery, request.query);
    const { id } = request.params;
    if (sandbox.accounts.byId(site, id) === undefined) return { errors: [resourceNotFound('user', 'id', id)] };

    const shownUntilMs = sandbox.clock.nowMs() - request.visit.listingLagMs;
    const { page, next } = select(sandbox.posts.ofAccount(site, id), query, (post) => {
      return (
        post.receivedTickMs <= shownUntilMs &&
        !(query.exclude.has('replies') && tweets.context(post.id).reply !== undefined)
      );
    });
    const isPrivate = (post: Post) =>
      post.account === reader.account.id && sandbox.clock.nowMs() - post.receivedTickMs < privateMs;
    const meta = { result_count: page.length, newest_id: page[0]?.id, oldest_id: page.at(-1)?.id, next_token: next };
    if (page.length === 0) return { meta };
    return {
      data: page.map((post) =>
        tweetView(post, tweets.context(post.id), choice, sandbox.audience.ofPost(post), isPrivate(post)),
      ),
      ...includesOf(context, tweets, page, choice),
      meta,
    };
  });
}

/** Of one's own posts. https://docs.x.com/x-api/fundamentals/metrics */
const privateMs = 30 * 86_400_000;

type TimelineQuery = z.infer<typeof TimelineQuery>;

/** Goes back from the newest and stops at the first tweet that is too old. */
function select(
  posts: readonly Post[],
  query: TimelineQuery,
  isShown: (post: Post) => boolean,
): { page: Post[]; next?: string } {
  const page: Post[] = [];
  for (let index = posts.length - 1; index >= 0; index -= 1) {
    const post = posts[index];
    if (post === undefined || isTooOld(post, query)) break;
    if (isTooNew(post, query) || !isShown(post)) continue;
    const last = page.at(-1);
    if (last !== undefined && page.length === query.max_results) return { page, next: last.seq.toString(36) };
    page.push(post);
  }
  return { page };
}

function isTooOld(post: Post, { start_time, since_id }: TimelineQuery): boolean {
  if (start_time !== undefined && Date.parse(post.createdAt) < Date.parse(start_time)) return true;
  return since_id !== undefined && compareIds(post.id, since_id) <= 0;
}

function isTooNew(post: Post, { end_time, until_id, pagination_token }: TimelineQuery): boolean {
  if (end_time !== undefined && Date.parse(post.createdAt) >= Date.parse(end_time)) return true;
  if (until_id !== undefined && compareIds(post.id, until_id) >= 0) return true;
  return pagination_token !== undefined && post.seq >= Number.parseInt(pagination_token, 36);
}

const TweetId = z.string().regex(/^[0-9]{1,19}$/, 'is not an id');
const Time = z.iso.datetime({ message: 'is not a time like 2026-01-01T00:00:00Z' });

const TimelineQuery = z.object({
  max_results: z.coerce.number().int().min(5).max(100).default(10),
  pagination_token: z
    .string()
    .regex(/^[0-9a-z]{1,11}$/)
    .optional(),
  start_time: Time.optional(),
  end_time: Time.optional(),
  since_id: TweetId.optional(),
  until_id: TweetId.optional(),
  exclude: z
    .string()
    .default('')
    .transform((list) => new Set(list.split(',').filter(Boolean)))
    .refine((set) => set.isSubsetOf(new Set(['replies', 'retweets'])), 'must be replies or retweets'),
});
