import { z } from 'zod';
import { readingsIn, type MetricSource } from '../answers/metric-readings.ts';
import type { AccountCall } from '../port/account.ts';
import type { MetricsSupport } from '../port/metrics.ts';
import { callXrpc, serviceOf } from './api.ts';

/** Of `app.bsky.feed.defs#postView` and `app.bsky.actor.defs#profileViewDetailed`, read 2026-11. How often a post was seen is told to nobody. */
const definitionVersion = '2026-11';
const postSources: readonly MetricSource[] = [
  ['likeCount', 'reactions'],
  ['replyCount', 'comments'],
  ['repostCount', 'reposts'],
  ['quoteCount', 'quotes'],
  ['bookmarkCount', 'saves'],
];
const accountSources: readonly MetricSource[] = [
  ['followersCount', 'followers'],
  ['followsCount', 'following'],
  ['postsCount', 'posts'],
];

/** The account's own server passes these on to the one that counts. */
export const blueskyMetrics: MetricsSupport = {
  postsPerRequest: 25,
  postDaysMax: null,

  async readPosts({ posts: asked, ...call }) {
    const parameters = { uris: asked.map(({ platformPostId }) => platformPostId) };
    const { posts } = await ask(call, 'app.bsky.feed.getPosts', parameters, Posts);
    return new Map(posts.map((post) => [post.uri, readingsIn(post, postSources, definitionVersion)]));
  },

  async readAccount(call) {
    const { externalId } = call.account;
    const { profiles } = await ask(call, 'app.bsky.actor.getProfiles', { actors: [externalId] }, Profiles);
    const own = profiles.find(({ did }) => did === externalId) ?? {};
    return readingsIn(own, accountSources, definitionVersion);
  },
};

const Posts = z.object({ posts: z.array(z.looseObject({ uri: z.string() })).max(100) });
const Profiles = z.object({ profiles: z.array(z.looseObject({ did: z.string() })).max(100) });

function ask<Answer>(
  call: AccountCall,
  nsid: string,
  parameters: Readonly<Record<string, readonly string[]>>,
  answer: z.ZodType<Answer>,
): Promise<Answer> {
  const { http } = call;
  const service = serviceOf(call.account);
  return callXrpc({ http, service, method: 'GET', nsid, parameters, access: call, effect: 'read', answer });
}
